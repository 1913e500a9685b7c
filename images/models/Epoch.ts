/**
 * What is measured in an epoch of a training, and which epoch is the best.
 *
 * @module
 */
import { Schema } from "effect"

/**
 * One epoch, counted from 1. Loss is mean cross-entropy in nats, accuracy a share; over the training rows as they were
 * trained on (with dropout, each batch before its update), over the validation rows after the epoch's last update.
 */
export const Epoch = Schema.Struct({
  epoch: Schema.Int,
  loss: Schema.Number,
  accuracy: Schema.Number,
  validationLoss: Schema.Number,
  validationAccuracy: Schema.Number
})
export type Epoch = typeof Epoch.Type

/** By what the best epoch is chosen: the highest validation accuracy, or the lowest validation loss. */
export const Measure = Schema.Literal("accuracy", "loss")
export type Measure = typeof Measure.Type

/** How good an epoch is by a measure: the more the better. */
const goodOf = ({ validationAccuracy, validationLoss }: Epoch, by: Measure): number =>
  by === "accuracy" ? validationAccuracy : -validationLoss

/** Whether an epoch is better than another; of equals none is. */
export const isBetter = (row: Epoch, other: Epoch, by: Measure): boolean => goodOf(row, by) > goodOf(other, by)

/** The best epoch, the earliest of equals; undefined where none is measured by a finite number. */
export const bestOf = (rows: ReadonlyArray<Epoch>, by: Measure = "accuracy"): Epoch | undefined =>
  rows
    .filter((row) => Number.isFinite(goodOf(row, by)))
    .reduce<Epoch | undefined>((best, row) => (best === undefined || isBetter(row, best, by) ? row : best), undefined)
