import { Effect } from "effect"
import { Pixels, Pixels224 } from "../artifacts/Pixels.ts"
import * as Stage from "../engine/Stage.ts"
import { imageSize, resizeBilinear } from "../models/resize-bilinear.ts"
import { Tensorflow, TensorflowUnloadable, withTensorflow } from "../services/Tensorflow.ts"
import * as TensorflowInstall from "../services/TensorflowInstall.ts"

/** Bilinear, half-pixel centres, to 224x224 whatever the aspect ratio. */
export const resizeTo224 = Stage.rows({
  name: "resize-to-224",
  keep: "streamed",
  over: "pixels",
  inputs: { pixels: Pixels },
  outputs: { resized: Pixels224 },
  errors: TensorflowUnloadable,
  // each pixel is made of four by one thread: their number doesn't count
  facts: { tensorflow: TensorflowInstall.version },
  run: (_inputs) =>
    Effect.map(
      withTensorflow(Tensorflow),
      ({ tf }) =>
        ({ rows, columns: { image, label } }) =>
          Effect.sync(() => {
            const [height, width] = image.shape
            const data = resizeBilinear(tf, image.data, rows, [height, width])
            return { rows, columns: { image: { shape: [imageSize, imageSize, 3] as const, data }, label } }
          })
    )
})
