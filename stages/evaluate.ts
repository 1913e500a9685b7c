import { Effect, Schema, Stream } from "effect"
import * as ArrowTable from "../artifacts/ArrowTable.ts"
import { Classifier } from "../artifacts/Classifier.ts"
import * as ClassNames from "../artifacts/ClassNames.ts"
import type { Batch } from "../artifacts/Column.ts"
import { ConfusionMatrix } from "../artifacts/ConfusionMatrix.ts"
import { Features } from "../artifacts/Features.ts"
import { Metrics } from "../artifacts/Metrics.ts"
import { Predictions } from "../artifacts/Predictions.ts"
import * as Stage from "../engine/Stage.ts"
import * as DenseHead from "../models/DenseHead.ts"
import * as Evaluation from "../models/Evaluation.ts"
import { TensorflowUnloadable, withTensorflow } from "../services/Tensorflow.ts"
import { tensorflowFacts } from "./tensorflow-facts.ts"

/** How a trained head does on rows that it never saw: accuracy, precision and recall by class, every prediction. */
export const evaluate = Stage.make({
  name: "evaluate",
  inputs: { model: Classifier, features: Features },
  outputs: { metrics: Metrics, confusion: ConfusionMatrix, predictions: Predictions },
  errors: Schema.Union(
    DenseHead.HeadUnreadable,
    Evaluation.ClassesDiffer,
    ClassNames.ClassNamesMissing,
    TensorflowUnloadable
  ),
  facts: tensorflowFacts,
  share: "machine",
  run: ({ model, features }) =>
    Effect.gen(function* () {
      const head = yield* DenseHead.fromFiles(model)
      const classes = yield* ClassNames.fromMetadata(features.header.metadata)
      yield* Evaluation.sameClasses(head.classes, classes)
      const predict = yield* Evaluation.predictor(head.weights)
      const batches: Array<Batch<typeof Predictions.columns>> = []
      const tally = yield* Stream.runFoldEffect(
        features.batches,
        Evaluation.empty(classes.length),
        (before, { columns: { feature, label } }) =>
          Effect.map(predict(feature.data), (probabilities) => {
            batches.push(Evaluation.predictions(label, probabilities, classes.length))
            return Evaluation.add(before, label, probabilities)
          })
      )
      return {
        metrics: Evaluation.metrics(tally, classes),
        confusion: ArrowTable.fromBatch<typeof ConfusionMatrix.columns>(Evaluation.confusion(tally, classes)),
        predictions: { metadata: ClassNames.toMetadata(classes), batches: Stream.fromIterable(batches) }
      }
    }).pipe(withTensorflow)
})
