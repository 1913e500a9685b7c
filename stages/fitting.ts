import { Effect, Schema } from "effect"
import * as ArrowTable from "../artifacts/ArrowTable.ts"
import * as ClassNames from "../artifacts/ClassNames.ts"
import type { History } from "../artifacts/History.ts"
import * as Param from "../engine/Param.ts"
import * as Progress from "../engine/Progress.ts"
import * as TrainedClassifier from "../models/Classifier.ts"
import * as Network from "../models/Network.ts"
import type { Optimizer } from "../models/Optimizer.ts"
import * as Training from "../models/Training.ts"
import { GraphUnloadable, TensorflowUnloadable, withTensorflow } from "../services/Tensorflow.ts"

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
  momentum: Param.make(share, 0, "Momentum of sgd; adam has its own"),
  batchSize: Param.make(count(65_536), 64, "Rows in a training step"),
  epochs: Param.make(count(100_000), 10, "Passes over the training rows"),
  l2: Param.make(Schema.NonNegative.annotations({ description: "a number from 0" }), 0, "L2 penalty of the kernels"),
  validationSplit: Param.make(
    Schema.Number.pipe(Schema.between(0.001, 0.9)).annotations({ description: "a number from 0.001 to 0.9" }),
    0.1,
    "Share of the training images held out to choose the best epoch"
  ),
  seed: Param.make(
    Schema.Int.annotations({ description: "a whole number" }),
    0,
    "Seed of weights, split, shuffling and dropout"
  )
}

export const FittingError = Schema.Union(
  Training.Diverged,
  Training.TrainingDataInvalid,
  Network.NetworkInvalid,
  ClassNames.ClassNamesMissing,
  GraphUnloadable,
  TensorflowUnloadable
)

/** Rows to train on: all images, view by view. */
export interface Examples extends Pick<Training.Data, "inputs" | "shape" | "labels"> {
  readonly views: number
  readonly classes: ReadonlyArray<string>
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

const optimizerOf = ({ optimizer, learningRate, momentum }: Param.Values<typeof fittingParams>): Optimizer =>
  optimizer === "adam" ? { kind: "adam", learningRate } : { kind: "sgd", learningRate, momentum }

const historyOf = (epochs: ReadonlyArray<Training.Epoch>) =>
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

/** Trains the layers with a softmax over the classes at their end; keeps the epoch that does best on held-out images. */
export const fitted = (
  layers: Network.Network,
  { views, classes, ...rows }: Examples,
  params: Param.Values<typeof fittingParams>
) =>
  Effect.gen(function* () {
    const images = rows.labels.length / views
    const split = yield* Training.split({ images, views }, params.validationSplit, params.seed)
    const { network, weights, history } = yield* Training.fit(
      Network.withEnd(layers, classes.length),
      { ...rows, classes: classes.length, split },
      { ...params, optimizer: optimizerOf(params) },
      (epoch) =>
        Progress.report({
          done: epoch.epoch,
          total: params.epochs,
          unit: "epochs",
          note: `loss ${epoch.loss.toFixed(3)}, validation accuracy ${percent(epoch.validationAccuracy)}`
        })
    )
    return { model: TrainedClassifier.toFiles({ network, weights, classes }), history: historyOf(history) }
  }).pipe(withTensorflow)
