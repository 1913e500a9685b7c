import { Schema } from "effect"
import { Document } from "headrace"
import { Share } from "./Share.ts"

/** How a classifier does on rows it never saw. A precision or recall of nothing is null, not zero. */
export const Metrics = Document.make(
  "Metrics",
  1,
  Schema.Struct({
    testAccuracy: Share,
    /** Mean cross-entropy, in nats. */
    testLoss: Schema.NonNegative,
    rows: Schema.Int,
    classes: Schema.Array(
      Schema.Struct({
        name: Schema.String,
        rows: Schema.Int,
        precision: Schema.NullOr(Share),
        recall: Schema.NullOr(Share)
      })
    )
  })
)
