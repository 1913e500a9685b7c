import { Stage } from "headrace"
import { Pixels } from "headrace-images/artifacts/Pixels"
import { sizeParam } from "headrace-images/params/square"
import { TensorflowUnloadable } from "headrace-images/services/Tensorflow"
import { resizing, resizingFacts } from "headrace-images/shared/resizing"

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
