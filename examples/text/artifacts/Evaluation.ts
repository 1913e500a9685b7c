import { Schema } from "effect"
import { Document } from "headrace"

/** How a model does on passages that it never saw. */
export const Metrics = Document.make(
  "Metrics",
  1,
  Schema.Struct({
    testAccuracy: Schema.Number,
    testPassages: Schema.Int
  })
)

/** A record a language: how many of its passages were taken for which, itself among them. */
export const Confusion = Document.make(
  "Confusion",
  1,
  Schema.Struct({
    languages: Schema.Array(Schema.Record({ key: Schema.String, value: Schema.Union(Schema.String, Schema.Int) }))
  })
)
