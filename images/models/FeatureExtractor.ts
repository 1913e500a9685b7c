/**
 * Backbones ready to compute, on TensorFlow or on the ONNX runtime.
 *
 * @module
 */
import { Effect, type Scope } from "effect"
import { EventLoop } from "headrace"
import { type OnnxFailed, Onnxruntime, type OnnxUnloadable } from "../services/Onnxruntime.ts"
import { type GraphUnloadable, Tensorflow } from "../services/Tensorflow.ts"
import type { Backbone } from "./Backbone.ts"
import { onnxModel } from "./backbone-onnx.ts"
import { tensorflowGraph } from "./backbone-tensorflow.ts"
import { folded, type VarianceNegative } from "./folded-layers.ts"
import type * as KerasWeights from "./KerasWeights.ts"

/** A frozen backbone with its weights, on one of two runtimes that agree within 1e-3. */
export interface FeatureExtractor {
  /**
   * What the backbone sees in images: float32 [rows, imageSize, imageSize, 3] in [0, 1] gives float32 [rows, features]. An
   * image gives the same bits wherever it stands and whatever stands beside it.
   */
  readonly extract: (pixels: Float32Array, rows: number) => Effect.Effect<Float32Array, OnnxFailed>
}

/**
 * Images a call of the network: fixed, since TensorFlow takes another order of summation for another size. It likes large
 * ones; a single thread of the ONNX runtime likes what stays near its caches (4.2 ms an image, and 5.2 by sixteens).
 */
const onTensorflowAtOnce = 16
const onOnnxruntimeAtOnce = 2
/** Images that a thread of the ONNX runtime is sent at once: some batches, so that it needn't wait for the next. */
const sentAtOnce = 8

/** Any number of images by a function of exactly `size`; those that the last batch lacks are black. */
const inBatches = (
  { imageSize, features: featureCount }: Backbone,
  size: number,
  concurrency: "unbounded" | 1,
  run: (whole: Float32Array) => Effect.Effect<Float32Array, OnnxFailed>
): FeatureExtractor => ({
  extract: (pixels, rows) =>
    Effect.gen(function* () {
      const imageValues = imageSize * imageSize * 3
      if (pixels.length !== rows * imageValues)
        return yield* Effect.dieMessage(`${pixels.length} values are not ${rows} images of ${imageSize}x${imageSize}x3`)
      const features = new Float32Array(rows * featureCount)
      const batch = (row: number) =>
        Effect.gen(function* () {
          const end = Math.min(row + size, rows)
          const given = pixels.subarray(row * imageValues, end * imageValues)
          const whole = end - row === size ? given : new Float32Array(size * imageValues)
          if (whole !== given) whole.set(given)
          const found = yield* run(whole)
          features.set(found.subarray(0, (end - row) * featureCount), row * featureCount)
        })
      const starts = Array.from({ length: Math.ceil(rows / size) }, (_, index) => index * size)
      yield* Effect.forEach(starts, batch, { concurrency, discard: true })
      return features
    })
})

type WeightsFailure = KerasWeights.WeightMissing | KerasWeights.WeightMisshapen | VarianceNegative

/** Gives the backbone to TensorFlow, which holds its weights until the scope closes. */
export const onTensorflow = (
  backbone: Backbone,
  weights: KerasWeights.KerasWeights
): Effect.Effect<FeatureExtractor, WeightsFailure | GraphUnloadable, Tensorflow | Scope.Scope> =>
  Effect.gen(function* () {
    const tensorflow = yield* Tensorflow
    const rows = onTensorflowAtOnce
    const { imageSize, blocks } = backbone
    const run = yield* tensorflow.graph(tensorflowGraph(backbone, yield* folded(blocks(), weights), rows))
    const batch = (whole: Float32Array) =>
      tensorflow.tidy((tf) => run(tf.tensor4d(whole, [rows, imageSize, imageSize, 3])).dataSync<"float32">())
    return inBatches(backbone, rows, 1, (whole) => Effect.zipLeft(batch(whole), EventLoop.turn))
  })

/** `streams`: batches at once, each on a thread of its own; the bytes are the same for any number. */
export const onOnnxruntime = (
  backbone: Backbone,
  weights: KerasWeights.KerasWeights,
  streams: number
): Effect.Effect<FeatureExtractor, WeightsFailure | OnnxUnloadable, Onnxruntime | Scope.Scope> =>
  Effect.gen(function* () {
    const { session } = yield* Onnxruntime
    const { run } = yield* session(
      onnxModel(backbone, yield* folded(backbone.blocks(), weights), onOnnxruntimeAtOnce),
      streams
    )
    return inBatches(backbone, sentAtOnce, "unbounded", run)
  })
