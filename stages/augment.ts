/**
 * The stage that makes a random view of every image, and its parameters, which pipelines offer too.
 *
 * @module
 */
import { Effect, Schema } from "effect"
import { Param, Stage } from "headrace"
import { Pixels } from "headrace-images/artifacts/Pixels"
import * as Affine from "headrace-images/models/Affine"
import * as Augmentation from "headrace-images/models/Augmentation"
import { sizeParam } from "headrace-images/params/square"

const share = Schema.Number.pipe(Schema.between(0, 1)).annotations({ description: "a number from 0 to 1" })

/** What is done to images, as strongly as in Keras' layers of the same names. */
export const augmentationParams = {
  flip: Param.make(Schema.Boolean, true, "Whether views mirror every second image, left to right"),
  translation: Param.make(share, 0.1, "Most of its height and width that a view moves an image by"),
  rotation: Param.make(share, 0.05, "Most of a full turn that a view rotates an image by"),
  zoom: Param.make(
    Schema.Number.pipe(Schema.greaterThanOrEqualTo(0), Schema.lessThan(1)).annotations({
      description: "a number from 0 to below 1"
    }),
    0.1,
    "Most that a view shows more or less of an image, as a share of each direction"
  )
}

/**
 * Draws a random view of every image, float32 [size, size, 3] in [0, 1]. Which view an image gets is a function of the seed,
 * the number of the view and its pixels.
 */
export const augment = Stage.rows({
  name: "augment",
  keep: "streamed",
  over: "pixels",
  inputs: { pixels: Pixels },
  params: {
    view: Param.make(
      Schema.Int.pipe(Schema.between(1, 2 ** 32 - 1)).annotations({ description: "a whole number from 1" }),
      1,
      "Which of the random views"
    ),
    seed: Param.make(Schema.Int.annotations({ description: "a whole number" }), 0, "Seed of all views"),
    ...augmentationParams,
    size: sizeParam
  },
  outputs: { augmented: Pixels },
  run: (_inputs, { size, ...params }) =>
    Effect.succeed(({ rows, columns: { image, label } }) =>
      Effect.sync(() => {
        const [height, width] = image.shape
        const data = new Float32Array(rows * size * size * 3)
        const [given, made] = [height * width * 3, size * size * 3]
        for (let row = 0; row < rows; row++) {
          const one = image.data.subarray(row * given, (row + 1) * given)
          const change = Augmentation.draw(one, params, params)
          const map = Augmentation.mapOf(change, [height, width], [size, size])
          Affine.resample(one, [height, width], map, [size, size], data.subarray(row * made, (row + 1) * made))
        }
        return { rows, columns: { image: { shape: [size, size, 3] as const, data }, label } }
      })
    )
})
