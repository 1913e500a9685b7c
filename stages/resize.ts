import { Pixels } from "../artifacts/Pixels.ts"
import * as Stage from "../engine/Stage.ts"
import { TensorflowUnloadable } from "../services/Tensorflow.ts"
import { resizing, resizingFacts } from "./resizing.ts"
import { sizeParam } from "./square.ts"

/** Bilinear, half-pixel centres, to size x size whatever the aspect ratio. */
export const resize = Stage.rows({
  name: "resize",
  keep: "streamed",
  over: "pixels",
  inputs: { pixels: Pixels },
  params: { size: sizeParam },
  outputs: { resized: Pixels },
  errors: TensorflowUnloadable,
  facts: resizingFacts,
  run: (_inputs, { size }) => resizing(size)
})
