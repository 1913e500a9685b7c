import { Schema } from "effect"
import { Document } from "headrace"

/** Readable images of each class, in the order of the labels, and files of it that give none. */
export const ClassCounts = Document.make(
  "ClassCounts",
  2,
  Schema.Struct({
    classes: Schema.Array(
      Schema.Struct({
        class: Schema.String,
        train: Schema.Int,
        validation: Schema.Int,
        test: Schema.Int,
        unreadable: Schema.Int
      })
    )
  })
)
