import { createRequire } from "node:module"
import { Worker } from "node:worker_threads"
import { Context, Effect, Layer, Queue, Schema, type Scope } from "effect"
import { type OnnxModel, onnxFile } from "./onnx-model.ts"
import { onnxStream, type StreamAnswer, type StreamData } from "./onnx-stream.ts"

export class OnnxUnloadable extends Schema.TaggedError<OnnxUnloadable>()("OnnxUnloadable", { what: Schema.String }) {
  override get message() {
    return `The ONNX runtime cannot be loaded: ${this.what}; expected the package onnxruntime-node with its native library for this machine. Set the parameter runtime to tensorflow (--runtime tensorflow), or run npm ci again.`
  }
}

/** What of the settings changes bytes: a fact of whatever is computed. Another level fuses and lays out otherwise. */
export const optimization = "all"

/**
 * One thread for all of an operation: its sums come out the same on every number of cores, and no core waits for another.
 * The cores are kept busy by as many streams.
 */
const options = {
  executionProviders: ["cpu"],
  executionMode: "sequential",
  graphOptimizationLevel: optimization,
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  logSeverityLevel: 3
}

/** A network, on several threads. */
export interface Session {
  /** One batch: row-major float32 in the model's input shape, to its output shape. As many run at once as there are streams. */
  readonly run: (values: Float32Array) => Effect.Effect<Float32Array>
}

/** Networks on the CPU by onnxruntime-node, which is loaded by the first session: a machine may be without it. */
export class Onnxruntime extends Context.Tag("headrace/Onnxruntime")<
  Onnxruntime,
  { readonly session: (model: OnnxModel, streams: number) => Effect.Effect<Session, OnnxUnloadable, Scope.Scope> }
>() {
  static readonly live: Layer.Layer<Onnxruntime> = Layer.succeed(this, {
    session: (model, streams) =>
      Effect.gen(function* () {
        const runtime = yield* Effect.try({
          try: () => createRequire(import.meta.url).resolve("onnxruntime-node"),
          catch: () => new OnnxUnloadable({ what: "onnxruntime-node is not installed" })
        })
        const { input, output } = model
        const data: StreamData = { runtime, model: onnxFile(model), options, input, output: output.name }
        const idle = yield* Queue.unbounded<Worker>()
        const started = Effect.flatMap(start(data), (worker) => Queue.offer(idle, worker))
        yield* Effect.all(
          Array.from({ length: streams }, () => started),
          { concurrency: "unbounded", discard: true }
        )
        return {
          run: (values) =>
            Effect.acquireUseRelease(
              Queue.take(idle),
              (worker) =>
                Effect.flatMap(ask(worker, values), (answer) =>
                  "found" in answer
                    ? Effect.succeed(answer.found)
                    : Effect.dieMessage(`the ONNX runtime failed at a batch: ${JSON.stringify(answer)}`)
                ),
              (worker) => Queue.offer(idle, worker)
            )
        }
      })
  })
}

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? ""

/** The worker's next answer, or how it ended. */
const answer = (worker: Worker): Effect.Effect<StreamAnswer> =>
  Effect.async((resume) => {
    const onMessage = (message: StreamAnswer) => finish(message)
    const onError = (error: Error) => finish({ failed: firstLine(error.message) })
    const onExit = (code: number) => finish({ failed: `its thread ended with exit code ${code}` })
    const finish = (message: StreamAnswer) => {
      worker.off("message", onMessage).off("error", onError).off("exit", onExit)
      resume(Effect.succeed(message))
    }
    worker.once("message", onMessage).once("error", onError).once("exit", onExit)
  })

/** A copy goes over, whole: the caller may fill its own anew. Uninterruptible, so that an answer meets its question. */
const ask = (worker: Worker, values: Float32Array): Effect.Effect<StreamAnswer> =>
  Effect.uninterruptible(
    Effect.suspend(() => {
      const copy = values.slice()
      worker.postMessage(copy, [copy.buffer])
      return answer(worker)
    })
  )

const start = (workerData: StreamData): Effect.Effect<Worker, OnnxUnloadable, Scope.Scope> =>
  Effect.gen(function* () {
    const worker = yield* Effect.acquireRelease(
      Effect.sync(() => new Worker(onnxStream, { eval: true, workerData })),
      (worker) => Effect.promise(() => worker.terminate())
    )
    const first = yield* answer(worker)
    if ("failed" in first) return yield* new OnnxUnloadable({ what: firstLine(first.failed) })
    return worker
  })
