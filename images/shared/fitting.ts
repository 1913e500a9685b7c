/**
 * What the stages that train networks share beside their parameters: the rows that they gather, and the training, for
 * `Stage.iterate`.
 *
 * @module
 */
import { Effect, Schema, Stream } from "effect"
import { ArrowTable, Param } from "headrace"
import * as ChosenBy from "../artifacts/ChosenBy.ts"
import * as ClassNames from "../artifacts/ClassNames.ts"
import type { History } from "../artifacts/History.ts"
import * as ValidationRows from "../artifacts/ValidationRows.ts"
import * as TrainedClassifier from "../models/Classifier.ts"
import type { Epoch, Measure } from "../models/Epoch.ts"
import * as HoldOut from "../models/HoldOut.ts"
import * as Network from "../models/Network.ts"
import type * as StepViews from "../models/StepViews.ts"
import * as Training from "../models/Training.ts"
import { StateUnreadable } from "../models/TrainingState.ts"
import { GraphUnloadable, TensorflowUnloadable, withTensorflow } from "../services/Tensorflow.ts"
import { type Fitting, optionsOf } from "./fitting-params.ts"

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

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

/** Without the metadata the best epoch is that of the highest accuracy, as ever. */
const historyOf = (epochs: ReadonlyArray<Epoch>, by: Measure) =>
  ArrowTable.fromBatch<typeof History.columns>(
    {
      rows: epochs.length,
      columns: {
        epoch: Int32Array.from(epochs, ({ epoch }) => epoch),
        loss: Float64Array.from(epochs, ({ loss }) => loss),
        accuracy: Float64Array.from(epochs, ({ accuracy }) => accuracy),
        validationLoss: Float64Array.from(epochs, ({ validationLoss }) => validationLoss),
        validationAccuracy: Float64Array.from(epochs, ({ validationAccuracy }) => validationAccuracy)
      }
    },
    ChosenBy.toMetadata(by)
  )

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

/** An epoch in few words that are worth a glance, and in numbers. */
const told = ({ epoch: _, ...metrics }: Epoch) => ({
  note: `loss ${metrics.loss.toFixed(3)}, validation accuracy ${percent(metrics.validationAccuracy)}`,
  metrics
})

/** Trains the layers with a softmax over the classes at their end; keeps the epoch that does best on validation images. */
export const fitting = (
  layers: Network.Network,
  examples: Examples,
  params: Fitting,
  strengths: StepViews.Strengths = { flip: false, shift: 0 }
) =>
  Effect.gen(function* () {
    const data = yield* dataOf(examples, params)
    const options = optionsOf(params, strengths)
    const { resume, epoch, isOver, save, trained } = yield* Training.open(
      Network.withEnd(layers, examples.classes.length),
      data,
      options
    )
    return {
      /** Goes on from what `save` gave. */
      resume,
      /** Trains epoch `at`, counted from 1, and tells how it went. */
      step: (at: number) => Effect.map(epoch(at), told),
      isOver,
      save,
      finish: Effect.map(trained, ({ network, weights, history, bestEpoch, isOver }) => {
        const { epoch: _, ...best } = history[bestEpoch - 1] as Epoch
        return {
          model: TrainedClassifier.toFiles({ network, weights, classes: examples.classes }),
          history: historyOf(history, options.stopping?.on ?? "accuracy"),
          fit: {
            epochs: history.length,
            ...(isOver ? { isOver } : {}),
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
