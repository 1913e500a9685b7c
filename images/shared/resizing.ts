/**
 * What the stages that resize images share.
 *
 * @module
 */
import { Effect } from "effect"
import type { Column } from "headrace"
import type { Pixels } from "../artifacts/Pixels.ts"
import { resizeBilinear } from "../models/resize-bilinear.ts"
import { Tensorflow, withTensorflow } from "../services/Tensorflow.ts"
import * as TensorflowInstall from "../services/TensorflowInstall.ts"

/** Each pixel is made of four by one thread: their number doesn't count. */
export const resizingFacts = { tensorflow: TensorflowInstall.version }

/** The function of one batch to images of size x size: bilinear, half-pixel centres, whatever the aspect ratio. */
export const resizing = <const Size extends number>(size: Size) =>
  Effect.map(
    withTensorflow(Tensorflow),
    ({ tf }) =>
      ({ rows, columns: { image, label } }: Column.Batch<typeof Pixels.columns>) =>
        Effect.sync(() => {
          const [height, width] = image.shape
          const data = resizeBilinear(tf, image.data, rows, [height, width], size)
          return { rows, columns: { image: { shape: [size, size, 3] as const, data }, label } }
        })
  )
