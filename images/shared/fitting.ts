/**
 * What the stages that train networks share: their parameters, the rows that they gather, and the training, for
 * `Stage.iterate`.
 *
 * @module
 */
import { Effect, Schema, Stream } from "effect"
import { ArrowTable, Param } from "headrace"
import * as ClassNames from "../artifacts/ClassNames.ts"
import type { History } from "../artifacts/History.ts"
import * as ValidationRows from "../artifacts/ValidationRows.ts"
import * as TrainedClassifier from "../models/Classifier.ts"
import type { Epoch } from "../models/Epoch.ts"
import * as HoldOut from "../models/HoldOut.ts"
import * as Network from "../models/Network.ts"
import type { Optimizer } from "../models/Optimizer.ts"
import * as Training from "../models/Training.ts"
import { StateUnreadable } from "../models/TrainingState.ts"
import { GraphUnloadable, TensorflowUnloadable, withTensorflow } from "../services/Tensorflow.ts"

/** The schema of whole numbers from 1 to `most`. */
export const count = (most: number) =>
  Schema.Int.pipe(Schema.between(1, most)).annotations({ description: `a whole number from 1 to ${most}` })

/** A number from 0 to below 1. */
export const share = Schema.Number.pipe(Schema.greaterThanOrEqualTo(0), Schema.lessThan(1)).annotations({
  description: "a number from 0 to below 1"
})

/** What every stage that trains a network takes. */
export const fittingParams = {
  optimizer: Param.make(Schema.Literal("adam", "sgd"), "adam", "How weights follow their gradients"),
  learningRate: Param.make(Schema.Positive.annotations({ description: "a number above 0" }), 1e-3, "Step size"),
  decay: Param.make(
    Schema.NonNegative.annotations({ description: "a number from 0" }),
    0,
    "How steps shrink: those of an epoch are of learningRate / (1 + decay * epochs before)"
  ),
  momentum: Param.make(share, 0, "Momentum of sgd; adam has its own"),
  batchSize: Param.make(count(65_536), 64, "Rows in a training step"),
  epochs: Param.make(count(100_000), 10, "Passes over the training images; more go on from fewer"),
  l2: Param.make(Schema.NonNegative.annotations({ description: "a number from 0" }), 0, "L2 penalty of the kernels"),
  validationSplit: Param.incomparable(
    Param.make(
      Schema.Number.pipe(Schema.between(0.001, 0.9)).annotations({ description: "a number from 0.001 to 0.9" }),
      0.1,
      "Share of the training images held out to choose the best epoch"
    ),
    "it says which images are held out"
  ),
  seed: Param.incomparable(
    Param.make(
      Schema.Int.annotations({ description: "a whole number" }),
      0,
      "Seed of weights, split, shuffling and dropout"
    ),
    "it draws which images are held out, and the best of several seeds is the luckiest"
  ),
  threads: Param.make(
    Schema.NullOr(count(1024)).annotations({ description: "a whole number from 1 to 1024, or null for the machine's" }),
    null,
    "Native threads of a training; with 1 a sweep trains as many networks at once as there are cores"
  )
}

/** What may go wrong where a network is trained: the `errors` of such a stage. */
export const FittingError = Schema.Union(
  Training.Diverged,
  Training.TrainingDataInvalid,
  HoldOut.HoldOutImpossible,
  StateUnreadable,
  Network.NetworkInvalid,
  ClassNames.ClassNamesMissing,
  GraphUnloadable,
  TensorflowUnloadable
)

/** What a pipeline offers beside: which images its training is given as `validation`. */
export const validationParam = Param.incomparable(
  Param.unfit(
    Param.make(
      Schema.Literal("auto", "held-out", "test"),
      "auto",
      "What chooses the best epoch: the dataset's validation images, or where it has none (and with held-out) training images held out; or the test images, as the homework has it"
    ),
    (value) => (value === "test" ? "the best epoch of each would be chosen on the test images" : null)
  ),
  "it says which images the best epoch is chosen on"
)

/** The tables that a training is given as `validation`. */
export const chosenOn = <T>(
  { validation: asked }: { readonly validation: (typeof validationParam)["default"] },
  tables: { readonly validation: T; readonly test: T }
): ReadonlyArray<T> => (asked === "auto" ? [tables.validation] : asked === "test" ? [tables.test] : [])

/** Images to train on, view by view, and others to choose the best epoch on; null holds some of the first out. */
export interface Examples extends Training.Rows {
  readonly shape: ReadonlyArray<number>
  readonly views: number
  readonly classes: ReadonlyArray<string>
  readonly validation: (Training.Rows & { readonly of: "dataset" | "test" }) | null
}

/** A table as far as training needs it. */
interface Table<B, E, R> {
  readonly rows: number
  readonly header: { readonly metadata: Readonly<Record<string, string>> }
  readonly batches: Stream.Stream<B, E, R>
}

/** All rows of the tables, one table after the other, of `size` floats each. */
export const gather = <B, E, R>(
  tables: ReadonlyArray<Table<B, E, R>>,
  size: number,
  rowsOf: (batch: B) => Training.Rows
): Effect.Effect<Training.Rows, E, R> =>
  Effect.gen(function* () {
    const total = tables.reduce((sum, { rows }) => sum + rows, 0)
    const all = { inputs: new Float32Array(total * size), labels: new Int32Array(total) }
    let row = 0
    for (const { batches } of tables) {
      yield* Stream.runForEach(batches, (batch) =>
        Effect.sync(() => {
          const { inputs, labels } = rowsOf(batch)
          all.inputs.set(inputs, row * size)
          all.labels.set(labels, row)
          row += labels.length
        })
      )
    }
    return all
  })

/** The rows to choose the best epoch on; null where the tables have none. */
export const gatherValidation = <B, E, R>(
  tables: ReadonlyArray<Table<B, E, R>>,
  size: number,
  rowsOf: (batch: B) => Training.Rows
) =>
  Effect.map(gather(tables, size, rowsOf), (rows) => {
    const isOwn = tables.some(({ header }) => ValidationRows.isMarked(header.metadata))
    return rows.labels.length === 0 ? null : { ...rows, of: isOwn ? ("dataset" as const) : ("test" as const) }
  })

type Fitting = Omit<Param.Values<typeof fittingParams>, "epochs">

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

const optimizerOf = ({ optimizer, learningRate, decay, momentum }: Fitting): Optimizer =>
  optimizer === "adam" ? { kind: "adam", learningRate, decay } : { kind: "sgd", learningRate, decay, momentum }

const historyOf = (epochs: ReadonlyArray<Epoch>) =>
  ArrowTable.fromBatch<typeof History.columns>({
    rows: epochs.length,
    columns: {
      epoch: Int32Array.from(epochs, ({ epoch }) => epoch),
      loss: Float64Array.from(epochs, ({ loss }) => loss),
      accuracy: Float64Array.from(epochs, ({ accuracy }) => accuracy),
      validationLoss: Float64Array.from(epochs, ({ validationLoss }) => validationLoss),
      validationAccuracy: Float64Array.from(epochs, ({ validationAccuracy }) => validationAccuracy)
    }
  })

const dataOf = ({ inputs, labels, shape, views, classes, validation }: Examples, { validationSplit, seed }: Fitting) =>
  Effect.gen(function* () {
    const images = labels.length / views
    const rows = { inputs, labels, shape, views, classes: classes.length }
    const present = new Set(labels)
    const untrained = classes.filter((_, label) => !present.has(label))
    if (untrained.length > 0) {
      const what = `there is no training image of ${HoldOut.named(untrained)}`
      return yield* new Training.TrainingDataInvalid({ what, expected: "one or more of every class" })
    }
    if (validation !== null) {
      const all = Training.allOf(validation.labels.length)
      return { ...rows, training: Training.allOf(images), validation: { ...validation, rows: all } }
    }
    const drawn = yield* HoldOut.draw(labels.subarray(0, images), classes, validationSplit, seed)
    return { ...rows, training: drawn.training, validation: { inputs, labels, rows: drawn.validation } }
  })

/** Trains the layers with a softmax over the classes at their end; keeps the epoch that does best on validation images. */
export const fitting = (layers: Network.Network, examples: Examples, params: Fitting) =>
  Effect.gen(function* () {
    const data = yield* dataOf(examples, params)
    const options = { ...params, optimizer: optimizerOf(params) }
    const { resume, epoch, save, trained } = yield* Training.open(
      Network.withEnd(layers, examples.classes.length),
      data,
      options
    )
    return {
      /** Goes on from what `save` gave. */
      resume,
      /** Trains epoch `at`, counted from 1, and tells in a few words how it went. */
      step: (at: number) =>
        Effect.map(
          epoch(at),
          ({ loss, validationAccuracy }) =>
            `loss ${loss.toFixed(3)}, validation accuracy ${percent(validationAccuracy)}`
        ),
      save,
      finish: Effect.map(trained, ({ network, weights, history, bestEpoch }) => {
        const { epoch: _, ...best } = history[bestEpoch - 1] as Epoch
        return {
          model: TrainedClassifier.toFiles({ network, weights, classes: examples.classes }),
          history: historyOf(history),
          fit: {
            epochs: history.length,
            bestEpoch,
            ...best,
            trainingRows: data.training.length,
            validationRows: data.validation.rows.length,
            validation: examples.validation?.of ?? ("held-out" as const),
            parameters: Network.parameters(network)
          }
        }
      })
    }
  }).pipe(withTensorflow)
