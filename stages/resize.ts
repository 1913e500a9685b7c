import { Stage } from "headrace"
import { Pixels } from "headrace-images/artifacts/Pixels"
import { sizeParam } from "headrace-images/params/square"
import { TensorflowUnloadable } from "headrace-images/services/Tensorflow"
import { resizing, resizingFacts } from "headrace-images/shared/resizing"

/** Resizes images to float32 [size, size, 3] whatever their aspect ratio, bilinear with half-pixel centres. */
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
