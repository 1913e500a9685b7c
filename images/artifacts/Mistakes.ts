import { Schema } from "effect"
import { Document } from "headrace"
import { Share } from "./Share.ts"

/** The images that a classifier gets wrong most confidently, the most confident first, with their pictures. */
export const Mistakes = Document.make(
  "Mistakes",
  1,
  Schema.Struct({
    /** `label` and `predicted` are indices into them. */
    classes: Schema.Array(Schema.String),
    images: Schema.Array(
      Schema.Struct({
        /** In the table of test images, counted from 0. */
        row: Schema.Int,
        label: Schema.Int,
        predicted: Schema.Int,
        /** Of the predicted class; `labelProbability` of the true one. */
        probability: Share,
        labelProbability: Share,
        /** The image as a PNG in base64, reduced to 256 pixels a side where it is larger. */
        png: Schema.String
      })
    ),
    /** How many images were predicted, and how many of them wrongly. */
    rows: Schema.Int,
    mistakes: Schema.Int
  }),
  "numbers"
)
