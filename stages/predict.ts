import { Stream } from "effect"
import { Stage } from "headrace"
import { Classifier } from "headrace-images/artifacts/Classifier"
import { Features } from "headrace-images/artifacts/Features"
import { PhotoPredictions } from "headrace-images/artifacts/PhotoPredictions"
import { Photos } from "headrace-images/artifacts/Photos"
import { PredictingError, predicted } from "headrace-images/shared/predicting"
import { tensorflowFacts } from "headrace-images/shared/tensorflow-facts"

/** Predicts what each photo shows by its features, as a head was trained on them. */
export const predict = Stage.make({
  name: "predict",
  inputs: { features: Features, photos: Photos, model: Classifier },
  outputs: { predictions: PhotoPredictions },
  errors: PredictingError,
  facts: tensorflowFacts,
  share: "half",
  run: ({ features, photos, model }) =>
    predicted(model, photos, {
      shape: features.header.shapes.feature ?? [],
      batches: Stream.map(features.batches, ({ columns: { feature, label } }) => ({
        inputs: feature.data,
        labels: label
      }))
    })
})
