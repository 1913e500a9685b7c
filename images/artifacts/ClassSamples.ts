import { Schema } from "effect"
import { Document } from "headrace"

/** The first image of each class, of the training images where it has one; at most a hundred classes. */
export const ClassSamples = Document.make(
  "ClassSamples",
  1,
  Schema.Struct({
    /** Of the dataset, whether shown or not. */
    classes: Schema.Int,
    samples: Schema.Array(
      Schema.Struct({
        class: Schema.String,
        split: Schema.Literal("train", "validation", "test"),
        row: Schema.Int,
        /** A PNG in base64, reduced to 256 pixels a side where it is larger. */
        png: Schema.String
      })
    )
  }),
  "numbers"
)
