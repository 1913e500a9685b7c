/**
 * What the stages share that have a stored classifier answer rows, be they of features or of images.
 *
 * @module
 */
import { Effect, Stream } from "effect"
import type { Files } from "../artifacts/LayersModel.ts"
import * as TrainedClassifier from "../models/Classifier.ts"
import * as Evaluation from "../models/Evaluation.ts"
import { ModelUnreadable } from "../models/layers-model.ts"
import * as Network from "../models/Network.ts"

/** Rows for a classifier, each batch row-major [rows, ...shape]. */
export interface Rows<E, R> {
  readonly shape: ReadonlyArray<number>
  readonly batches: Stream.Stream<Evaluation.Labelled, E, R>
}

/** The classifier that a model's files hold. Fails where it takes rows of another shape than those that are `done`: evaluated, or predicted. */
export const classifierOf = (model: Files, { shape }: Pick<Rows<never, never>, "shape">, done: string) =>
  Effect.filterOrFail(
    TrainedClassifier.fromFiles(model),
    ({ network }) => network.input.join() === shape.join(),
    ({ network }) =>
      new ModelUnreadable({
        what: `it takes [${network.input.join(", ")}]`,
        expected: `what is ${done}, [${shape.join(", ")}]`
      })
  )

/** The probabilities of every class, row-major [rows, classes], beside the rows' labels, whole batches at a time. */
export const answered = <E, R>(
  { network, weights }: TrainedClassifier.Classifier,
  { batches }: Pick<Rows<E, R>, "batches">
) =>
  Effect.map(Evaluation.predictor(network, weights), (predict) =>
    Stream.mapEffect(Evaluation.inWholeBatches(batches, Network.sizeOf(network.input)), ({ inputs, labels }) =>
      Effect.map(predict(inputs), (probabilities) => ({ labels, probabilities }))
    )
  )
