import { Effect, Schema } from "effect"
import { Features } from "../artifacts/Features.ts"
import { Pixels224 } from "../artifacts/Pixels.ts"
import * as Notice from "../engine/Notice.ts"
import * as Param from "../engine/Param.ts"
import * as Stage from "../engine/Stage.ts"
import * as KerasWeights from "../models/KerasWeights.ts"
import * as MobileNetV2 from "../models/MobileNetV2.ts"
import { featureCount, VarianceNegative } from "../models/mobilenet-v2-layers.ts"
import * as Machine from "../services/Machine.ts"
import * as NetworkRuntime from "../services/NetworkRuntime.ts"
import { OnnxFailed, OnnxUnloadable } from "../services/Onnxruntime.ts"
import { SourceChanged } from "../services/SourceError.ts"
import { GraphUnloadable, TensorflowUnloadable, withTensorflow } from "../services/Tensorflow.ts"
import { TensorflowMissing } from "../services/TensorflowInstall.ts"
import { WeightsFile } from "./mobilenet-v2-weights.ts"

/** The runtime that is chosen, not how: by `auto` and by its name it gives one key. */
const runtimeFact = (request: NetworkRuntime.Request) =>
  Effect.flatMap(NetworkRuntime.choose(request), ({ fact, notice }) =>
    Effect.as(notice === null ? Effect.void : Notice.tell(notice), fact)
  )

/** One pass through a frozen MobileNetV2: 1,280 floats an image, the same wherever the image stands in a batch. */
export const extractFeatures = Stage.rows({
  name: "extract-features",
  keep: "stored",
  over: "pixels",
  inputs: { pixels: Pixels224, weights: WeightsFile },
  params: {
    runtime: Param.make(
      NetworkRuntime.Request,
      "auto",
      "What computes the network: auto is the fastest that this machine has"
    )
  },
  outputs: { features: Features },
  errors: Schema.Union(
    SourceChanged,
    KerasWeights.WeightsUnreadable,
    KerasWeights.WeightMissing,
    KerasWeights.WeightMisshapen,
    VarianceNegative,
    GraphUnloadable,
    TensorflowUnloadable,
    TensorflowMissing,
    Machine.ThreadsInvalid,
    NetworkRuntime.OnnxMissing,
    OnnxUnloadable,
    OnnxFailed
  ),
  facts: ({ runtime }) => ({ runtime: runtimeFact(runtime) }),
  share: "machine",
  run: ({ weights: file }, { runtime }) =>
    Effect.gen(function* () {
      const { name } = yield* NetworkRuntime.choose(runtime)
      const threads = yield* Machine.threads
      const network = yield* Effect.gen(function* () {
        const weights = yield* KerasWeights.read(file)
        return name === "tensorflow"
          ? yield* withTensorflow(MobileNetV2.onTensorflow(weights))
          : yield* MobileNetV2.onOnnxruntime(weights, threads)
      }).pipe(KerasWeights.inFile(file.path))
      return ({ rows, columns: { image, label } }) =>
        Effect.map(network.extract(image.data, rows), (data) => ({
          rows,
          columns: { feature: { shape: [featureCount] as const, data }, label }
        }))
    })
})
