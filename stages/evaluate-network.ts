import { Stream } from "effect"
import { Stage } from "headrace"
import { ConfusionMatrix } from "headrace-images/artifacts/ConfusionMatrix"
import { ImageClassifier } from "headrace-images/artifacts/ImageClassifier"
import { Metrics } from "headrace-images/artifacts/Metrics"
import { Pixels } from "headrace-images/artifacts/Pixels"
import { Predictions } from "headrace-images/artifacts/Predictions"
import { EvaluationError, evaluated } from "headrace-images/shared/evaluation"
import { tensorflowFacts } from "headrace-images/shared/tensorflow-facts"

/**
 * Measures a trained network on images that it never saw: accuracy, precision and recall by class, the confusion matrix and
 * every prediction.
 */
export const evaluateNetwork = Stage.make({
  name: "evaluate-network",
  inputs: { model: ImageClassifier, pixels: Pixels },
  outputs: { metrics: Metrics, confusion: ConfusionMatrix, predictions: Predictions },
  errors: EvaluationError,
  facts: tensorflowFacts,
  share: "machine",
  run: ({ model, pixels }) =>
    evaluated(model, {
      shape: pixels.header.shapes.image ?? [],
      metadata: pixels.header.metadata,
      batches: Stream.map(pixels.batches, ({ columns: { image, label } }) => ({ inputs: image.data, labels: label }))
    })
})
