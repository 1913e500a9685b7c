/**
 * The stage that runs images through a frozen backbone.
 *
 * @module
 */
import { Effect, Schema } from "effect"
import { Explained, Machine, Notice, Param, Stage } from "headrace"
import { SourceChanged } from "headrace/files"
import { Features } from "headrace-images/artifacts/Features"
import { Pixels } from "headrace-images/artifacts/Pixels"
import { WeightsFile } from "headrace-images/artifacts/WeightsFile"
import * as Backbone from "headrace-images/models/Backbone"
import * as FeatureExtractor from "headrace-images/models/FeatureExtractor"
import { VarianceNegative } from "headrace-images/models/folded-layers"
import * as KerasWeights from "headrace-images/models/KerasWeights"
import { backboneParams } from "headrace-images/params/backbone"
import * as NetworkRuntime from "headrace-images/services/NetworkRuntime"
import { OnnxFailed, OnnxUnloadable } from "headrace-images/services/Onnxruntime"
import { GraphUnloadable, TensorflowUnloadable, withTensorflow } from "headrace-images/services/Tensorflow"
import { TensorflowMissing } from "headrace-images/services/TensorflowInstall"

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

/**
 * Runs images once through a frozen backbone, from float32 [height, width, 3] in [0, 1] to features after global average
 * pooling. Those of an image are the same wherever it stands in a batch.
 */
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
