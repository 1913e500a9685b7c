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

/** The epoch of the highest validation accuracy, the earliest of equals; undefined where none is finite. */
export const bestOf = (rows: ReadonlyArray<Epoch>): Epoch | undefined =>
  rows
    .filter((row) => Number.isFinite(row.validationAccuracy))
    .reduce<Epoch | undefined>(
      (best, row) => (best === undefined || row.validationAccuracy > best.validationAccuracy ? row : best),
      undefined
    )
