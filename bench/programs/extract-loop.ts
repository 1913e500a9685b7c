/**
 * One of our runtimes, ready to be timed: extracts the features of all of a file of float32 pixels a line of input, and
 * answers each with the seconds it took. Arguments: runtime, threads, weights, pixels, features to write.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { createInterface } from "node:readline"
import { Effect, Layer } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import * as Backbone from "../../images/models/Backbone.ts"
import * as FeatureExtractor from "../../images/models/FeatureExtractor.ts"
import * as KerasWeights from "../../images/models/KerasWeights.ts"
import { Onnxruntime } from "../../images/services/Onnxruntime.ts"
import { Tensorflow, TensorflowLoader, withTensorflow } from "../../images/services/Tensorflow.ts"

const [runtime, threads = "1", weightsFile = "", pixelsFile = "", featuresFile = ""] = process.argv.slice(2)
const backbone = Backbone.get("mobilenet_v2_1.0_224")
const imageBytes = 224 * 224 * 3 * 4
/** What the engine passes through its row stages at a time. */
const rowsATime = 32

const program = Effect.gen(function* () {
  const weights = yield* KerasWeights.read({
    path: weightsFile,
    digest: Digest.ofBytes(readFileSync(weightsFile)),
    label: weightsFile,
    notice: null
  })
  const network =
    runtime === "tensorflow"
      ? yield* withTensorflow(Effect.zipRight(Tensorflow, FeatureExtractor.onTensorflow(backbone, weights)))
      : yield* FeatureExtractor.onOnnxruntime(backbone, weights, Number(threads))
  const file = readFileSync(pixelsFile)
  const pixels = new Float32Array(file.buffer, file.byteOffset, file.byteLength / 4)
  const rows = file.byteLength / imageBytes
  const features = new Float32Array(rows * 1280)
  const starts = Array.from({ length: Math.ceil(rows / rowsATime) }, (_, index) => index * rowsATime)
  const extract = (row: number) =>
    Effect.gen(function* () {
      const end = Math.min(row + rowsATime, rows)
      const found = yield* network.extract(pixels.subarray((row * imageBytes) / 4, (end * imageBytes) / 4), end - row)
      features.set(found, row * 1280)
    })
  // as engine/Compute.ts has them: two at a time
  const all = (from: ReadonlyArray<number>) => Effect.forEach(from, extract, { concurrency: 2, discard: true })
  yield* all(starts.slice(0, 2))
  console.log(JSON.stringify({ ready: true }))
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  while (!(yield* Effect.promise(() => lines.next())).done) {
    const [started, cpu] = [performance.now(), process.cpuUsage()]
    yield* all(starts)
    const seconds = (performance.now() - started) / 1000
    const { user, system } = process.cpuUsage(cpu)
    writeFileSync(featuresFile, features)
    console.log(
      JSON.stringify({ seconds, cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss() })
    )
  }
})

Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(Layer.merge(TensorflowLoader.live, Onnxruntime.live))))
