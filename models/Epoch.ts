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
