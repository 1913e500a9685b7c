import { Schema } from "effect"
import { Document } from "headrace"

/** A linear model: rentals are the sum of coefficient * feature, where the feature of the intercept is 1. */
export const Model = Document.make(
  "Model",
  1,
  Schema.Struct({
    /** Bikes for one more of a feature. */
    coefficients: Schema.Array(Schema.Struct({ feature: Schema.String, coefficient: Schema.Number }))
  })
)
