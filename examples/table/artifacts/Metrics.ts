import { Schema } from "effect"
import { Document } from "headrace"

/** How far predictions are from what was counted. */
export const Metrics = Document.make(
  "Metrics",
  1,
  Schema.Struct({
    /** Share of the rentals' variance that the model explains, of days that it was not fitted to. */
    testRSquared: Schema.Number,
    /** Root of the mean squared error, in bikes, of these days and of those that it was fitted to. */
    testError: Schema.Number,
    trainingError: Schema.Number,
    testDays: Schema.Int,
    trainingDays: Schema.Int
  })
)
