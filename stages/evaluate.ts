import { Stream } from "effect"
import { Stage } from "headrace"
import { Classifier } from "headrace-images/artifacts/Classifier"
import { ConfusionMatrix } from "headrace-images/artifacts/ConfusionMatrix"
import { Features } from "headrace-images/artifacts/Features"
import { Metrics } from "headrace-images/artifacts/Metrics"
import { Predictions } from "headrace-images/artifacts/Predictions"
import { EvaluationError, evaluated } from "headrace-images/shared/evaluation"
import { tensorflowFacts } from "headrace-images/shared/tensorflow-facts"

/**
 * Measures a trained head on rows that it never saw: accuracy, precision and recall by class, the confusion matrix and every
 * prediction.
 */
export const evaluate = Stage.make({
  name: "evaluate",
  inputs: { model: Classifier, features: Features },
  outputs: { metrics: Metrics, confusion: ConfusionMatrix, predictions: Predictions },
  errors: EvaluationError,
  facts: tensorflowFacts,
  share: "half",
  run: ({ model, features }) =>
    evaluated(model, {
      shape: features.header.shapes.feature ?? [],
      metadata: features.header.metadata,
      batches: Stream.map(features.batches, ({ columns: { feature, label } }) => ({
        inputs: feature.data,
        labels: label
      }))
    })
})
