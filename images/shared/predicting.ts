/**
 * What the stages share that predict what unlabelled photos show, be it by their features or by their pixels.
 *
 * @module
 */
import { Effect, Schema, Stream } from "effect"
import { ArrowTable, type Column, type Stage } from "headrace"
import * as ClassNames from "../artifacts/ClassNames.ts"
import type { Files } from "../artifacts/LayersModel.ts"
import type { PhotoPredictions } from "../artifacts/PhotoPredictions.ts"
import type { Photos } from "../artifacts/Photos.ts"
import * as TrainedClassifier from "../models/Classifier.ts"
import * as Evaluation from "../models/Evaluation.ts"
import { GraphUnloadable, TensorflowUnloadable, withTensorflow } from "../services/Tensorflow.ts"

/** What may go wrong where a classifier predicts: the `errors` of such a stage. */
export const PredictingError = Schema.Union(TrainedClassifier.ModelUnreadable, GraphUnloadable, TensorflowUnloadable)

/** Rows to predict, each batch row-major [rows, ...shape]. */
export interface Unlabelled<E, R> {
  readonly shape: ReadonlyArray<number>
  readonly batches: Stream.Stream<Float32Array, E, R>
}

type PhotoTable = ArrowTable.Table<typeof Photos.columns, Stage.InputFailure>

/** The probabilities of every class for each photo, in their order, by the network as it is evaluated. */
export const predicted = <E, R>(model: Files, photos: PhotoTable, { shape, batches }: Unlabelled<E, R>) =>
  Effect.gen(function* () {
    const { network, weights, classes } = yield* TrainedClassifier.fromFiles(model)
    if (network.input.join() !== shape.join())
      return yield* new TrainedClassifier.ModelUnreadable({
        what: `it takes [${network.input.join(", ")}]`,
        expected: `what is predicted, [${shape.join(", ")}]`
      })
    const places = yield* ArrowTable.collect(photos)
    const predict = yield* Evaluation.predictor(network, weights)
    const found: Array<Column.Batch<typeof PhotoPredictions.columns>> = []
    yield* Stream.runFoldEffect(batches, 0, (before, inputs) =>
      Effect.map(predict(inputs), (probability) => {
        const end = before + probability.length / classes.length
        found.push({
          rows: end - before,
          columns: {
            given: (places?.columns.given ?? new Int32Array()).slice(before, end),
            file: (places?.columns.file ?? []).slice(before, end),
            probability: { shape: [classes.length], data: probability }
          }
        })
        return end
      })
    )
    return { metadata: ClassNames.toMetadata(classes), batches: Stream.fromIterable(found) }
  }).pipe(withTensorflow)
