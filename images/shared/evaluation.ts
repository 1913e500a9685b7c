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
import * as Evaluation from "../models/Evaluation.ts"
import { ModelUnreadable } from "../models/layers-model.ts"
import { GraphUnloadable, TensorflowUnloadable, withTensorflow } from "../services/Tensorflow.ts"
import { answered, classifierOf, type Rows } from "./classifying.ts"

/** What may go wrong where a classifier is evaluated: the `errors` of such a stage. */
export const EvaluationError = Schema.Union(
  ModelUnreadable,
  Evaluation.ClassesDiffer,
  ClassNames.ClassNamesMissing,
  GraphUnloadable,
  TensorflowUnloadable
)

/** Rows to evaluate on, of a table with this metadata. */
export interface Examples<E, R> extends Rows<E, R> {
  readonly metadata: Readonly<Record<string, string>>
}

/** Accuracy, precision and recall by class, the confusion matrix and every prediction. */
export const evaluated = <E, R>(model: Files, examples: Examples<E, R>) =>
  Effect.gen(function* () {
    const classifier = yield* classifierOf(model, examples, "evaluated")
    const classes = yield* ClassNames.fromMetadata(examples.metadata)
    yield* Evaluation.sameClasses(classifier.classes, classes)
    const answers = yield* answered(classifier, examples)
    const predicted: Array<Column.Batch<typeof Predictions.columns>> = []
    const tally = yield* Stream.runFold(
      answers,
      Evaluation.empty(classes.length),
      (before, { labels, probabilities }) => {
        predicted.push(Evaluation.predictions(labels, probabilities, classes.length))
        return Evaluation.add(before, labels, probabilities)
      }
    )
    return {
      metrics: Evaluation.metrics(tally, classes),
      confusion: ArrowTable.fromBatch<typeof ConfusionMatrix.columns>(Evaluation.confusion(tally, classes)),
      predictions: { metadata: ClassNames.toMetadata(classes), batches: Stream.fromIterable(predicted) }
    }
  }).pipe(withTensorflow)
