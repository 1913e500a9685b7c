/**
 * What the stages that evaluate classifiers share, be they of features or of images.
 *
 * @module
 */
import { Effect, Schema, Stream } from "effect"
import { ArrowTable, type Column } from "headrace"
import * as ClassNames from "../artifacts/ClassNames.ts"
import type { ConfusionMatrix } from "../artifacts/ConfusionMatrix.ts"
import type { Files } from "../artifacts/LayersModel.ts"
import type { Predictions } from "../artifacts/Predictions.ts"
import * as TrainedClassifier from "../models/Classifier.ts"
import * as Evaluation from "../models/Evaluation.ts"
import * as Network from "../models/Network.ts"
import { GraphUnloadable, TensorflowUnloadable, withTensorflow } from "../services/Tensorflow.ts"

/** What may go wrong where a classifier is evaluated: the `errors` of such a stage. */
export const EvaluationError = Schema.Union(
  TrainedClassifier.ModelUnreadable,
  Evaluation.ClassesDiffer,
  ClassNames.ClassNamesMissing,
  GraphUnloadable,
  TensorflowUnloadable
)

/** Rows to evaluate on, each batch row-major [rows, ...shape]. */
export interface Examples<E, R> {
  readonly shape: ReadonlyArray<number>
  readonly metadata: Readonly<Record<string, string>>
  readonly batches: Stream.Stream<Evaluation.Labelled, E, R>
}

/** Accuracy, precision and recall by class, the confusion matrix and every prediction. */
export const evaluated = <E, R>(model: Files, { shape, metadata, batches }: Examples<E, R>) =>
  Effect.gen(function* () {
    const classifier = yield* TrainedClassifier.fromFiles(model)
    const { input } = classifier.network
    if (input.join() !== shape.join()) {
      const what = `it takes [${input.join(", ")}]`
      return yield* new TrainedClassifier.ModelUnreadable({
        what,
        expected: `what is evaluated, [${shape.join(", ")}]`
      })
    }
    const classes = yield* ClassNames.fromMetadata(metadata)
    yield* Evaluation.sameClasses(classifier.classes, classes)
    const predict = yield* Evaluation.predictor(classifier.network, classifier.weights)
    const predicted: Array<Column.Batch<typeof Predictions.columns>> = []
    const whole = Evaluation.inWholeBatches(batches, Network.sizeOf(input))
    const tally = yield* Stream.runFoldEffect(whole, Evaluation.empty(classes.length), (before, { inputs, labels }) =>
      Effect.map(predict(inputs), (probabilities) => {
        predicted.push(Evaluation.predictions(labels, probabilities, classes.length))
        return Evaluation.add(before, labels, probabilities)
      })
    )
    return {
      metrics: Evaluation.metrics(tally, classes),
      confusion: ArrowTable.fromBatch<typeof ConfusionMatrix.columns>(Evaluation.confusion(tally, classes)),
      predictions: { metadata: ClassNames.toMetadata(classes), batches: Stream.fromIterable(predicted) }
    }
  }).pipe(withTensorflow)
