import { Schema } from "effect"
import { Document } from "headrace"
import { Share } from "./Share.ts"

const MaybeShare = Schema.NullOr(Share)

/** The network of several that does best on the validation rows, the first of equals. What was not measured is null. */
export const BestNetwork = Document.make(
  "BestNetwork",
  1,
  Schema.Struct({ network: Schema.NullOr(Schema.String), validationAccuracy: MaybeShare, testAccuracy: MaybeShare })
)
