/**
 * How a classifier does on rows that it never saw: predictions, and a tally of them from which all metrics are made.
 *
 * @module
 */
import { Effect, Schema, type Scope, Stream } from "effect"
import { Explained } from "headrace"
import type { GraphUnloadable, Tensorflow } from "../services/Tensorflow.ts"
import * as Network from "./Network.ts"
import { openPredictor, type PredictBatch } from "./prediction.ts"

/** The model and the test table name different classes, or the same in another order: no label means the same. */
export class ClassesDiffer extends Explained.TaggedError<ClassesDiffer>()(
  "ClassesDiffer",
  {
    model: Schema.Array(Schema.String),
    table: Schema.Array(Schema.String)
  },
  ({ table, model }) => ({
    what: `The test table has the classes ${table.join(", ")}`,
    expected: `the model's, ${model.join(", ")}`,
    fix: "Evaluate with a table of the same dataset, or train on this one."
  })
) {}

/** Fails where the names of the classes of a model and of a table are not the same in the same order. */
export const sameClasses = (
  model: ReadonlyArray<string>,
  table: ReadonlyArray<string>
): Effect.Effect<void, ClassesDiffer> =>
  model.length === table.length && model.every((name, index) => name === table[index])
    ? Effect.void
    : new ClassesDiffer({ model, table })

/** From inputs, row-major [rows, ...input], to class probabilities, row-major [rows, classes]. */
export type Predict = (inputs: Float32Array) => Effect.Effect<Float32Array>

/** Rows that go through the network at once; fewer are padded with zeros, so that a row's bits do not depend on it. */
export const batchRows = 256

/** Prediction of any number of rows, by `batchRows` at once. */
export const inBatches =
  ({ input, classes }: Network.Checked, predict: PredictBatch): Predict =>
  (inputs) =>
    Effect.sync(() => {
      const size = Network.sizeOf(input)
      const rows = inputs.length / size
      const probabilities = new Float32Array(rows * classes)
      for (let start = 0; start < rows; start += batchRows) {
        const batch = new Float32Array(batchRows * size)
        batch.set(inputs.subarray(start * size, (start + batchRows) * size))
        const kept = predict(batch).subarray(0, Math.min(batchRows, rows - start) * classes)
        probabilities.set(kept, start * classes)
      }
      return probabilities
    })

/** Rows, their inputs row-major [rows, ...input], with the numbers of their classes. */
export interface Labelled {
  readonly inputs: Float32Array
  readonly labels: Int32Array
}

/**
 * The same rows in runs of `batchRows`, and at the end of what is left: each run that is predicted costs as much as a whole
 * one. `size` is how many numbers a row's input has.
 */
export const inWholeBatches = <E, R>(
  examples: Stream.Stream<Labelled, E, R>,
  size: number
): Stream.Stream<Labelled, E, R> =>
  Stream.suspend(() => {
    const none = () => ({ inputs: new Float32Array(batchRows * size), labels: new Int32Array(batchRows) })
    let [held, rows] = [none(), 0]
    const take = (): Labelled => {
      const taken = { inputs: held.inputs.subarray(0, rows * size), labels: held.labels.subarray(0, rows) }
      ;[held, rows] = [none(), 0]
      return taken
    }
    const add = ({ inputs, labels }: Labelled): ReadonlyArray<Labelled> => {
      const whole: Array<Labelled> = []
      for (let start = 0; start < labels.length; ) {
        const end = Math.min(labels.length, start + batchRows - rows)
        held.inputs.set(inputs.subarray(start * size, end * size), rows * size)
        held.labels.set(labels.subarray(start, end), rows)
        rows += end - start
        start = end
        if (rows === batchRows) whole.push(take())
      }
      return whole
    }
    const rest = Stream.suspend(() => (rows === 0 ? Stream.empty : Stream.make(take())))
    return examples.pipe(Stream.mapConcat(add), Stream.concat(rest))
  })

/** A network ready to predict, its weights held natively until the scope closes. Memory grows with one call's rows only. */
export const predictor = (
  network: Network.Checked,
  weights: ReadonlyArray<Float32Array>
): Effect.Effect<Predict, GraphUnloadable, Tensorflow | Scope.Scope> =>
  Effect.map(openPredictor(network, weights, batchRows), (predict) => inBatches(network, predict))

/** The likeliest class of each row, the first of equals. */
const likeliest = (probabilities: Float32Array, classes: number): Int32Array =>
  Int32Array.from({ length: probabilities.length / classes }, (_, row) => {
    let best = 0
    for (let name = 1; name < classes; name++) {
      if ((probabilities[row * classes + name] ?? 0) > (probabilities[row * classes + best] ?? 0)) best = name
    }
    return best
  })

/** What is known of a classifier after some rows: enough for every metric, whatever the number of rows. */
export interface Tally {
  readonly classes: number
  readonly rows: number
  /** Summed cross-entropy, in nats. */
  readonly loss: number
  /** Rows by [actual, predicted], row-major. */
  readonly counts: Int32Array
}

/** The tally of so many classes before any row. */
export const empty = (classes: number): Tally => ({ classes, rows: 0, loss: 0, counts: new Int32Array(classes ** 2) })

/** The least normal float32: a probability that softmax rounds to zero costs 87.3 nats, not infinitely many. */
const leastProbability = 2 ** -126

/** The tally after more rows: their labels and their probabilities, row-major [rows, classes]. */
export const add = (tally: Tally, labels: Int32Array, probabilities: Float32Array): Tally => {
  const { classes } = tally
  const counts = tally.counts.slice()
  const predicted = likeliest(probabilities, classes)
  let loss = tally.loss
  labels.forEach((label, row) => {
    const cell = label * classes + (predicted[row] ?? 0)
    counts[cell] = (counts[cell] ?? 0) + 1
    loss -= Math.log(Math.max(probabilities[row * classes + label] ?? Number.NaN, leastProbability))
  })
  return { classes, rows: tally.rows + labels.length, loss, counts }
}

const count = (tally: Tally, actual: number, predicted: number): number =>
  tally.counts[actual * tally.classes + predicted] ?? 0

const sum = (tally: Tally, cell: (other: number) => number): number =>
  Array.from({ length: tally.classes }, (_, other) => cell(other)).reduce((total, value) => total + value, 0)

/** Mean cross-entropy in nats. */
export const loss = (tally: Tally): number => tally.loss / tally.rows

/** The share of the rows that were taken for what they are. */
export const accuracy = (tally: Tally): number => sum(tally, (name) => count(tally, name, name)) / tally.rows

/** The value of a `Metrics` document. Precision is of the rows predicted as a class, recall of the rows that are of it. */
export const metrics = (tally: Tally, names: ReadonlyArray<string>) => ({
  testAccuracy: accuracy(tally),
  testLoss: loss(tally),
  rows: tally.rows,
  classes: names.map((name, index) => {
    const correct = count(tally, index, index)
    const rows = sum(tally, (predicted) => count(tally, index, predicted))
    const taken = sum(tally, (actual) => count(tally, actual, index))
    return { name, rows, precision: taken === 0 ? null : correct / taken, recall: rows === 0 ? null : correct / rows }
  })
})

/** The one batch of a `ConfusionMatrix` table: every pair of classes, actual by actual. */
export const confusion = (tally: Tally, names: ReadonlyArray<string>) => ({
  rows: names.length ** 2,
  columns: {
    actual: names.flatMap((actual) => names.map(() => actual)),
    predicted: names.flatMap(() => names),
    count: tally.counts
  }
})

/** A batch of a `Predictions` table: the rows' labels, and what the network says of them. */
export const predictions = (labels: Int32Array, probabilities: Float32Array, classes: number) => ({
  rows: labels.length,
  columns: {
    // a copy: a view would keep the chunk of the table that it is of in memory
    label: labels.slice(),
    predicted: likeliest(probabilities, classes),
    probability: { shape: [classes] as const, data: probabilities }
  }
})
