import { Stream } from "effect"
import { ConfusionMatrix } from "../artifacts/ConfusionMatrix.ts"
import { ImageClassifier } from "../artifacts/ImageClassifier.ts"
import { Metrics } from "../artifacts/Metrics.ts"
import { Pixels } from "../artifacts/Pixels.ts"
import { Predictions } from "../artifacts/Predictions.ts"
import * as Stage from "../engine/Stage.ts"
import { EvaluationError, evaluated } from "./evaluation.ts"
import { tensorflowFacts } from "./tensorflow-facts.ts"

/** How a trained network does on images that it never saw: accuracy, precision and recall by class, every prediction. */
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
