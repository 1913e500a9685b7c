import type { OnnxTensor } from "./onnx-model.ts"

/**
 * What one thread of the ONNX runtime runs, as plain CommonJS: onnxruntime-node holds its thread for as long as a network
 * takes, so each network has a thread of its own. It answers `{ ready }` or `{ failed }` at its start, and everything it is
 * sent in turn. Null ends it, at once where `stop` says so: a thread that is ended from outside while the runtime is at a
 * batch takes the process with it.
 */
export const onnxStream = `
const { parentPort, workerData } = require("node:worker_threads")
const { runtime, model, options, input, output, stop } = workerData
const failed = (error) => parentPort.postMessage({ failed: String((error && error.message) || error) })
const start = async () => {
  const { InferenceSession, Tensor } = require(runtime)
  const session = await InferenceSession.create(model, options)
  const [taken, given] = [input, output].map(({ shape }) => shape.reduce((product, size) => product * size, 1))
  const answer = async (values) => {
    const started = performance.now()
    const found = new Float32Array((values.length / taken) * given)
    for (let batch = 0; batch * taken < values.length; batch++) {
      if (Atomics.load(stop, 0) === 1) return
      const tensor = new Tensor("float32", values.subarray(batch * taken, (batch + 1) * taken), input.shape)
      const results = await session.run({ [input.name]: tensor })
      found.set(results[output.name].data, batch * given)
    }
    parentPort.postMessage({ found, milliseconds: performance.now() - started }, [found.buffer])
  }
  // one after the other: running a batch lets the next message in
  let before = Promise.resolve()
  parentPort.on("message", (values) => {
    before = values === null ? before.then(() => parentPort.close()) : before.then(() => answer(values)).catch(failed)
  })
  parentPort.postMessage({ ready: true })
}
start().catch(failed)
`

/** What a thread is given, once. */
export interface StreamData {
  /** Where the package onnxruntime-node was found. */
  readonly runtime: string
  readonly model: Uint8Array
  readonly options: Readonly<Record<string, unknown>>
  readonly input: OnnxTensor
  readonly output: OnnxTensor
  /** Shared: 1 once nobody waits for its answers any more. */
  readonly stop: Int32Array
}

/** `milliseconds`: how long the network was at it. */
export type StreamAnswer =
  | { readonly ready: true }
  | { readonly found: Float32Array; readonly milliseconds: number }
  | { readonly failed: string }
