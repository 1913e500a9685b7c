import { Effect, Schema } from "effect"
import * as Explained from "../artifacts/Explained.ts"
import { Features } from "../artifacts/Features.ts"
import { Pixels } from "../artifacts/Pixels.ts"
import { WeightsFile } from "../artifacts/WeightsFile.ts"
import * as Notice from "../engine/Notice.ts"
import * as Param from "../engine/Param.ts"
import * as Stage from "../engine/Stage.ts"
import * as Backbone from "../models/Backbone.ts"
import * as FeatureExtractor from "../models/FeatureExtractor.ts"
import { VarianceNegative } from "../models/folded-layers.ts"
import * as KerasWeights from "../models/KerasWeights.ts"
import * as Machine from "../services/Machine.ts"
import * as NetworkRuntime from "../services/NetworkRuntime.ts"
import { OnnxFailed, OnnxUnloadable } from "../services/Onnxruntime.ts"
import { SourceChanged } from "../services/SourceError.ts"
import { GraphUnloadable, TensorflowUnloadable, withTensorflow } from "../services/Tensorflow.ts"
import { TensorflowMissing } from "../services/TensorflowInstall.ts"
import { backboneParams } from "./backbone.ts"

/** The runtime that is chosen, not how: by `auto` and by its name it gives one key. */
const runtimeFact = (request: NetworkRuntime.Request) =>
  Effect.flatMap(NetworkRuntime.choose(request), ({ fact, notice }) =>
    Effect.as(notice === null ? Effect.void : Notice.tell(notice), fact)
  )

/** Images of another size than the backbone's: where a parameter decides both sizes, only the rows themselves tell. */
export class ImageSizeDiffers extends Explained.TaggedError<ImageSizeDiffers>()(
  "ImageSizeDiffers",
  {
    backbone: Schema.String,
    found: Schema.Array(Schema.Int),
    expected: Schema.Int
  },
  ({ backbone, found, expected }) => ({
    what: `The images for ${backbone} are ${found.join("x")}`,
    expected: `${expected}x${expected}`,
    fix: `Resize them to ${expected} first, in the pipeline's build.`
  })
) {}

/** One pass through a frozen backbone: its features of an image, the same wherever the image stands in a batch. */
export const extractFeatures = Stage.rows({
  name: "extract-features",
  keep: "stored",
  over: "pixels",
  inputs: { pixels: Pixels, weights: WeightsFile },
  params: {
    ...backboneParams,
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
    OnnxFailed,
    ImageSizeDiffers
  ),
  facts: ({ runtime }) => ({ runtime: runtimeFact(runtime) }),
  share: "machine",
  run: ({ weights: file }, { backbone: name, runtime }) =>
    Effect.gen(function* () {
      const backbone = Backbone.get(name)
      const { imageSize, features } = backbone
      const chosen = yield* NetworkRuntime.choose(runtime)
      const threads = yield* Machine.threads
      const { extract } = yield* Effect.gen(function* () {
        const weights = yield* KerasWeights.read(file)
        return chosen.name === "tensorflow"
          ? yield* withTensorflow(FeatureExtractor.onTensorflow(backbone, weights))
          : yield* FeatureExtractor.onOnnxruntime(backbone, weights, threads)
      }).pipe(KerasWeights.inFile(file.path))
      return ({ rows, columns: { image, label } }) =>
        Effect.gen(function* () {
          const [height, width] = image.shape
          if (height !== imageSize || width !== imageSize)
            return yield* new ImageSizeDiffers({ backbone: name, found: [height, width], expected: imageSize })
          const data = yield* extract(image.data, rows)
          return { rows, columns: { feature: { shape: [features] as const, data }, label } }
        })
    })
})
