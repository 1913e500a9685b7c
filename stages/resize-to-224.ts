import { Stage } from "headrace"
import { Pixels, Pixels224 } from "headrace-images/artifacts/Pixels"
import { TensorflowUnloadable } from "headrace-images/services/Tensorflow"
import { resizing, resizingFacts } from "headrace-images/shared/resizing"

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
