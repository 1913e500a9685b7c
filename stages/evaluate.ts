import { Stream } from "effect"
import { Classifier } from "../artifacts/Classifier.ts"
import { ConfusionMatrix } from "../artifacts/ConfusionMatrix.ts"
import { Features } from "../artifacts/Features.ts"
import { Metrics } from "../artifacts/Metrics.ts"
import { Predictions } from "../artifacts/Predictions.ts"
import * as Stage from "../engine/Stage.ts"
import { EvaluationError, evaluated } from "./evaluation.ts"
import { tensorflowFacts } from "./tensorflow-facts.ts"

/** How a trained head does on rows that it never saw: accuracy, precision and recall by class, every prediction. */
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
