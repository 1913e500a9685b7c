import { Worker } from "node:worker_threads"
import { expect, it, vi } from "@effect/vitest"
import type { NodeJSKernelBackend } from "@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js"
import { Effect, Layer } from "effect"
import * as Backbone from "../../../images/models/Backbone.ts"
import * as FeatureExtractor from "../../../images/models/FeatureExtractor.ts"
import * as KerasWeights from "../../../images/models/KerasWeights.ts"
import { Onnxruntime } from "../../../images/services/Onnxruntime.ts"
import { Tensorflow } from "../../../images/services/Tensorflow.ts"
import { goldenPixels, largestDifference } from "../../rig/golden.ts"
import { WIDE } from "../../rig/mirror.ts"
import { randomWeights } from "../../rig/random-weights.ts"

const size = 224 * 224 * 3

const weights = randomWeights(Backbone.get(WIDE))

/** Batches made of the golden images, by number. */
const batch = (pixels: Float32Array, images: ReadonlyArray<number>): Float32Array => {
  const chosen = new Float32Array(images.length * size)
  for (const [row, image] of images.entries()) chosen.set(pixels.subarray(image * size, (image + 1) * size), row * size)
  return chosen
}
const row = (features: Float32Array, index: number) =>
  Buffer.from(features.slice(index * 1280, (index + 1) * 1280).buffer).toString("base64")

const network = Backbone.get(WIDE)
const onTensorflow = (weights: KerasWeights.KerasWeights) => FeatureExtractor.onTensorflow(network, weights)
const onOnnxruntime = (weights: KerasWeights.KerasWeights, threads = 2) =>
  FeatureExtractor.onOnnxruntime(network, weights, threads)
it.layer(Layer.merge(Tensorflow.live, Onnxruntime.live))("MobileNetV2", (it) => {
  for (const [runtime, make] of [
    ["TensorFlow", onTensorflow],
    ["the ONNX runtime", onOnnxruntime]
  ] as const) {
    it.scoped(`gives an image the same bytes at any batch position, and in one batch and a bit, on ${runtime}`, () =>
      Effect.gen(function* () {
        const { extract } = yield* make(weights)
        const pixels = yield* goldenPixels
        const [first, second] = [batch(pixels, [0]), batch(pixels, [1])]
        const alone = row(yield* extract(first, 1), 0)
        expect(row(yield* extract(second, 1), 0)).not.toBe(alone)
        const five = yield* extract(batch(pixels, [1, 2, 3, 0, 0]), 5)
        expect([row(five, 3), row(five, 4)]).toEqual([alone, alone])
        const many = Array.from({ length: 37 }, (_, index) => index % 4)
        const features = yield* extract(batch(pixels, many), 37)
        expect(features.length).toBe(37 * 1280)
        expect(many.flatMap((image, index) => (image === 0 && row(features, index) !== alone ? [index] : []))).toEqual(
          []
        )
      })
    )
  }

  it.scoped("differs between the runtimes by less than 1e-3", () =>
    Effect.gen(function* () {
      const pixels = yield* goldenPixels
      const ours = yield* Effect.flatMap(onTensorflow(weights), ({ extract }) => extract(pixels, 4))
      const theirs = yield* Effect.flatMap(onOnnxruntime(weights), ({ extract }) => extract(pixels, 4))
      const difference = largestDifference(ours, theirs)
      expect(difference).toBeLessThan(1e-3)
      expect(difference).toBeGreaterThan(0)
    })
  )

  it.scoped("gives the same bytes on one thread of the ONNX runtime and on three: their number is no fact", () =>
    Effect.gen(function* () {
      const pixels = batch(yield* goldenPixels, [0, 1, 2, 3, 3, 2, 1, 0, 2])
      const on = (threads: number) =>
        Effect.flatMap(onOnnxruntime(weights, threads), ({ extract }) => extract(pixels, 9))
      expect(Buffer.compare(Buffer.from((yield* on(1)).buffer), Buffer.from((yield* on(3)).buffer))).toBe(0)
    })
  )

  it.scoped("is one native call for sixteen images on TensorFlow, resizing another for all of them", () =>
    Effect.gen(function* () {
      const { tf } = yield* Tensorflow
      const { extract } = yield* onTensorflow(weights)
      const backend = tf.backend() as NodeJSKernelBackend
      const graphs = vi.spyOn(backend, "runSavedModel")
      const operations = vi.spyOn(backend, "executeSingleOutput")
      const pixels = batch(
        yield* goldenPixels,
        Array.from({ length: 33 }, (_, index) => index % 4)
      )
      expect([graphs.mock.calls.length, operations.mock.calls.length]).toEqual([0, 1])
      yield* extract(pixels, 33)
      expect([graphs.mock.calls.length, operations.mock.calls.length]).toEqual([3, 1])
      vi.restoreAllMocks()
    })
  )

  it.scoped("copies an image's pixels once on their way to a thread of the ONNX runtime, eight images a message", () =>
    Effect.gen(function* () {
      const { extract } = yield* onOnnxruntime(weights)
      const pixels = batch(
        yield* goldenPixels,
        Array.from({ length: 24 }, (_, index) => index % 4)
      )
      const sent: Array<{ readonly bytes: number; readonly handedOver: boolean }> = []
      const post = Worker.prototype.postMessage
      vi.spyOn(Worker.prototype, "postMessage").mockImplementation(function (this: Worker, values, transferred) {
        const { byteLength, buffer } = values as Float32Array
        sent.push({
          bytes: byteLength,
          handedOver: Array.isArray(transferred) && transferred.includes(buffer as never)
        })
        return post.call(this, values, transferred)
      })
      yield* extract(pixels, 24)
      expect(sent).toEqual(Array.from({ length: 3 }, () => ({ bytes: 8 * size * 4, handedOver: true })))
      vi.restoreAllMocks()
    })
  )

  it.effect("leaves no tensor behind, within the scope or after it", () =>
    Effect.gen(function* () {
      const { tf } = yield* Tensorflow
      const pixels = yield* goldenPixels
      const before = tf.memory().numTensors
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { extract } = yield* onTensorflow(weights)
          yield* extract(pixels, 4)
          const once = tf.memory().numTensors
          yield* extract(pixels, 4)
          expect(tf.memory().numTensors).toBe(once)
        })
      )
      expect(tf.memory().numTensors).toBe(before)
      expect(yield* onTensorflow(weights).pipe(Effect.scoped, Effect.as("made again"))).toBe("made again")
    })
  )

  it.scoped("refuses weights that lack a layer, or are of another width, by name", () =>
    Effect.gen(function* () {
      const lacking = new Map([...weights].filter(([name]) => name !== "block_13_project_BN/beta"))
      expect(yield* Effect.flip(onTensorflow(lacking))).toEqual(
        new KerasWeights.WeightMissing({ layer: "block_13_project_BN", weight: "beta" })
      )
      const narrow = new Map([...weights, ["Conv_1/kernel", { shape: [1, 1, 112, 1280], data: new Float32Array() }]])
      expect(yield* Effect.flip(onTensorflow(narrow))).toEqual(
        new KerasWeights.WeightMisshapen({
          layer: "Conv_1",
          weight: "kernel",
          found: [1, 1, 112, 1280],
          expected: [1, 1, 320, 1280]
        })
      )
    })
  )
})
