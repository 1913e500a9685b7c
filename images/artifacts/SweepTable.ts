import { Schema } from "effect"
import { Document } from "headrace"
import { Share } from "./Share.ts"

const MaybeShare = Schema.NullOr(Share)

/** How the networks of a sweep compare, in its order. What was not measured is null. */
export const SweepTable = Document.make(
  "SweepTable",
  1,
  Schema.Struct({
    networks: Schema.Array(
      Schema.Struct({
        name: Schema.String,
        /** How many numbers it learns. */
        parameters: Schema.NullOr(Schema.Int),
        /** The epoch that does best on the validation rows, counted from 1; its accuracies follow. */
        bestEpoch: Schema.NullOr(Schema.Int),
        validationAccuracy: MaybeShare,
        trainingAccuracy: MaybeShare,
        lastValidationAccuracy: MaybeShare,
        lastTrainingAccuracy: MaybeShare,
        testAccuracy: MaybeShare
      })
    )
  })
)
