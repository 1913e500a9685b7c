import { Stream } from "effect"
import { Stage } from "headrace"
import { ImageClassifier } from "headrace-images/artifacts/ImageClassifier"
import { PhotoPredictions } from "headrace-images/artifacts/PhotoPredictions"
import { Photos } from "headrace-images/artifacts/Photos"
import { Pixels } from "headrace-images/artifacts/Pixels"
import { PredictingError, predicted } from "headrace-images/shared/predicting"
import { tensorflowFacts } from "headrace-images/shared/tensorflow-facts"

/** Predicts what each photo shows by its pixels, as a network was trained on them. */
export const predictNetwork = Stage.make({
  name: "predict-network",
  inputs: { pixels: Pixels, photos: Photos, model: ImageClassifier },
  outputs: { predictions: PhotoPredictions },
  errors: PredictingError,
  facts: tensorflowFacts,
  share: "machine",
  run: ({ pixels, photos, model }) =>
    predicted(model, photos, {
      shape: pixels.header.shapes.image ?? [],
      batches: Stream.map(pixels.batches, ({ columns: { image, label } }) => ({ inputs: image.data, labels: label }))
    })
})
