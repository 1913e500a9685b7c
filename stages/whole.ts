import { Effect, Schema } from "effect"
import { Param, Stage } from "headrace"
import { SourceChanged } from "headrace/files"
import { Classifier } from "headrace-images/artifacts/Classifier"
import { WeightsFile } from "headrace-images/artifacts/WeightsFile"
import { WholeClassifier } from "headrace-images/artifacts/WholeClassifier"
import * as Backbone from "headrace-images/models/Backbone"
import * as TrainedClassifier from "headrace-images/models/Classifier"
import { folded, VarianceNegative } from "headrace-images/models/folded-layers"
import * as KerasWeights from "headrace-images/models/KerasWeights"
import { ModelUnreadable } from "headrace-images/models/layers-model"
import * as Whole from "headrace-images/models/Whole"
import { backboneParams } from "headrace-images/params/backbone"

const edge = Schema.Int.pipe(Schema.between(1, 65_536)).annotations({ description: "a whole number from 1 to 65536" })

/** Makes one model of a frozen backbone and the head that was trained on its features, with all that is done to pixels before. */
export const whole = Stage.make({
  name: "whole",
  inputs: { weights: WeightsFile, model: Classifier },
  params: {
    ...backboneParams,
    imageHeight: Param.make(edge, 32, "Height of the images that the head was trained on"),
    imageWidth: Param.make(edge, 32, "Width of the images that the head was trained on")
  },
  outputs: { whole: WholeClassifier },
  errors: Schema.Union(
    SourceChanged,
    KerasWeights.WeightsUnreadable,
    KerasWeights.WeightMissing,
    KerasWeights.WeightMisshapen,
    VarianceNegative,
    ModelUnreadable,
    Whole.PartsDiffer
  ),
  run: ({ weights, model }, { backbone, imageHeight, imageWidth }) =>
    Effect.gen(function* () {
      const head = yield* TrainedClassifier.fromFiles(model)
      const network = yield* Effect.flatMap(KerasWeights.read(weights), (read) =>
        folded(Backbone.get(backbone).blocks(), read)
      ).pipe(KerasWeights.inFile(weights.path))
      const made = yield* Whole.make(head, [imageHeight, imageWidth], { name: backbone, network })
      return { whole: Whole.toFiles(made) }
    })
})
