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
import * as TrainedClassifier from "../models/Classifier.ts"
import * as DenseHead from "../models/DenseHead.ts"
import * as Evaluation from "../models/Evaluation.ts"
import { GraphUnloadable, TensorflowUnloadable, withTensorflow } from "../services/Tensorflow.ts"
import { tensorflowFacts } from "./tensorflow-facts.ts"

/** How a trained head does on rows that it never saw: accuracy, precision and recall by class, every prediction. */
export const evaluate = Stage.make({
  name: "evaluate",
  inputs: { model: Classifier, features: Features },
  outputs: { metrics: Metrics, confusion: ConfusionMatrix, predictions: Predictions },
  errors: Schema.Union(
    TrainedClassifier.ModelUnreadable,
    Evaluation.ClassesDiffer,
    ClassNames.ClassNamesMissing,
    GraphUnloadable,
    TensorflowUnloadable
  ),
  facts: tensorflowFacts,
  share: "machine",
  run: ({ model, features }) =>
    Effect.gen(function* () {
      const classifier = yield* TrainedClassifier.fromFiles(model)
      const { input } = classifier.network
      if (input.length !== 1 || input[0] !== DenseHead.inputs) {
        const what = `it takes [${input.join(", ")}]`
        return yield* new TrainedClassifier.ModelUnreadable({ what, expected: `features [${DenseHead.inputs}]` })
      }
      const classes = yield* ClassNames.fromMetadata(features.header.metadata)
      yield* Evaluation.sameClasses(classifier.classes, classes)
      const predict = yield* Evaluation.predictor(classifier.network, classifier.weights)
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
