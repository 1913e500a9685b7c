import { Pixels, Pixels224 } from "../artifacts/Pixels.ts"
import * as Stage from "../engine/Stage.ts"
import { TensorflowUnloadable } from "../services/Tensorflow.ts"
import { resizing, resizingFacts } from "./resizing.ts"

/** Bilinear, half-pixel centres, to 224x224 whatever the aspect ratio. */
export const resizeTo224 = Stage.rows({
  name: "resize-to-224",
  keep: "streamed",
  over: "pixels",
  inputs: { pixels: Pixels },
  outputs: { resized: Pixels224 },
  errors: TensorflowUnloadable,
  facts: resizingFacts,
  run: (_inputs) => resizing(224)
})
