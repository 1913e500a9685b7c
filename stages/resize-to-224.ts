import { Stage } from "headrace"
import { Pixels, Pixels224 } from "headrace-images/artifacts/Pixels"
import { TensorflowUnloadable } from "headrace-images/services/Tensorflow"
import { resizing, resizingFacts } from "headrace-images/shared/resizing"

/** Resizes images to float32 [224, 224, 3] whatever their aspect ratio, bilinear with half-pixel centres. */
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
