import { Schema } from "effect"
import { Document } from "headrace"

const Share = Schema.NullOr(Schema.Number.pipe(Schema.between(0, 1)))

/** The network of several that does best on the validation rows, the first of equals. What was not measured is null. */
export const BestNetwork = Document.make(
  "BestNetwork",
  1,
  Schema.Struct({ network: Schema.NullOr(Schema.String), validationAccuracy: Share, testAccuracy: Share })
)
