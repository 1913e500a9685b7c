import { Effect, Schema } from "effect"
import { Stage } from "headrace"
import { ImageClassifier } from "headrace-images/artifacts/ImageClassifier"
import { WholeClassifier } from "headrace-images/artifacts/WholeClassifier"
import * as TrainedClassifier from "headrace-images/models/Classifier"
import { ModelUnreadable } from "headrace-images/models/layers-model"
import * as Whole from "headrace-images/models/Whole"

/** Makes a model that takes pixels of a network that was trained on images, with what is done to pixels before. */
export const wholeNetwork = Stage.make({
  name: "whole-network",
  inputs: { model: ImageClassifier },
  outputs: { whole: WholeClassifier },
  errors: Schema.Union(ModelUnreadable, Whole.PartsDiffer),
  run: ({ model }) =>
    Effect.gen(function* () {
      const network = yield* TrainedClassifier.fromFiles(model)
      const [height = 0, width = 0] = network.network.input
      return { whole: Whole.toFiles(yield* Whole.make(network, [height, width], null)) }
    })
})
