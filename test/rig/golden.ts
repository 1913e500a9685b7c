import { readFile } from "node:fs/promises"
import { Effect } from "effect"
import { resizeBilinear } from "../../images/models/resize-bilinear.ts"
import { Tensorflow } from "../../images/services/Tensorflow.ts"

/** A file of `test/fixtures/mobilenet-v2`. */
export const fixture = (name: string) =>
  Effect.promise(() => readFile(new URL(`../fixtures/mobilenet-v2/${name}`, import.meta.url)))

/** Four photographs as MobileNetV2 1.0/224 takes them: float32 [4, 224, 224, 3] in [0, 1]. */
export const goldenPixels = Effect.gen(function* () {
  const { tf } = yield* Tensorflow
  return resizeBilinear(
    tf,
    Float32Array.from(yield* fixture("images.u8"), (value) => value / 255),
    4,
    [32, 32],
    224
  )
})

export const largestDifference = (a: Float32Array, b: Float32Array): number =>
  a.reduce((largest, value, index) => Math.max(largest, Math.abs(value - (b[index] ?? Number.NaN))), 0)
