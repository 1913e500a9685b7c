import { Effect, Schema } from "effect"
import { Features } from "../artifacts/Features.ts"
import { Pixels224 } from "../artifacts/Pixels.ts"
import * as Stage from "../engine/Stage.ts"
import * as KerasWeights from "../models/KerasWeights.ts"
import * as MobileNetV2 from "../models/MobileNetV2.ts"
import { featureCount } from "../models/mobilenet-v2-layers.ts"
import { GraphUnloadable, TensorflowUnloadable, withTensorflow } from "../services/Tensorflow.ts"
import { WeightsFile } from "./mobilenet-v2-weights.ts"
import { tensorflowFacts } from "./tensorflow-facts.ts"

/** One pass through a frozen MobileNetV2: 1,280 floats an image, the same wherever the image stands in a batch. */
export const extractFeatures = Stage.rows({
  name: "extract-features",
  keep: "stored",
  over: "pixels",
  inputs: { pixels: Pixels224, weights: WeightsFile },
  outputs: { features: Features },
  errors: Schema.Union(
    KerasWeights.WeightsUnreadable,
    KerasWeights.WeightMissing,
    KerasWeights.WeightMisshapen,
    GraphUnloadable,
    TensorflowUnloadable
  ),
  facts: tensorflowFacts,
  share: "machine",
  run: ({ weights }) =>
    Effect.gen(function* () {
      const network = yield* withTensorflow(Effect.flatMap(KerasWeights.read(weights.path), MobileNetV2.onTensorflow))
      return ({ rows, columns: { image, label } }) =>
        Effect.map(network.extract(image.data, rows), (data) => ({
          rows,
          columns: { feature: { shape: [featureCount] as const, data }, label }
        }))
    })
})
