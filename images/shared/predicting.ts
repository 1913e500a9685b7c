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
import { ModelUnreadable } from "../models/layers-model.ts"
import { GraphUnloadable, TensorflowUnloadable, withTensorflow } from "../services/Tensorflow.ts"
import { answered, classifierOf, type Rows } from "./classifying.ts"

/** What may go wrong where a classifier predicts: the `errors` of such a stage. */
export const PredictingError = Schema.Union(ModelUnreadable, GraphUnloadable, TensorflowUnloadable)

type PhotoTable = ArrowTable.Table<typeof Photos.columns, Stage.InputFailure>

/** The probabilities of every class for each photo, in their order, by the network as it is evaluated. */
export const predicted = <E, R>(model: Files, photos: PhotoTable, rows: Rows<E, R>) =>
  Effect.gen(function* () {
    const classifier = yield* classifierOf(model, rows, "predicted")
    const { classes } = classifier
    const places = yield* ArrowTable.collect(photos)
    const answers = yield* answered(classifier, rows)
    const found: Array<Column.Batch<typeof PhotoPredictions.columns>> = []
    yield* Stream.runFold(answers, 0, (before, { labels, probabilities }) => {
      const end = before + labels.length
      found.push({
        rows: labels.length,
        columns: {
          given: (places?.columns.given ?? new Int32Array()).slice(before, end),
          file: (places?.columns.file ?? []).slice(before, end),
          probability: { shape: [classes.length], data: probabilities }
        }
      })
      return end
    })
    return { predictions: { metadata: ClassNames.toMetadata(classes), batches: Stream.fromIterable(found) } }
  }).pipe(withTensorflow)
