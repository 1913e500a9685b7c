import { Schema } from "effect"
import { Document } from "headrace"

/** How many readings became days, and why the others did not. */
export const Cleaning = Document.make(
  "Cleaning",
  1,
  Schema.Struct({
    readings: Schema.Int,
    days: Schema.Int,
    incomplete: Schema.Int,
    implausible: Schema.Int,
    repeated: Schema.Int
  })
)
