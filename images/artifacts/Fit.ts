import { Schema } from "effect"
import { Document } from "headrace"
import { Share } from "./Share.ts"

/** How a training went. Losses and accuracies are those of the best epoch, whose weights the model has. */
export const Fit = Document.make(
  "Fit",
  1,
  Schema.Struct({
    epochs: Schema.Int,
    /** There where the training was over, so that none of further epochs is computed. */
    isOver: Schema.optional(Schema.Literal(true)),
    bestEpoch: Schema.Int,
    accuracy: Share,
    /** Mean cross-entropy, in nats. */
    loss: Schema.Number,
    validationAccuracy: Share,
    validationLoss: Schema.Number,
    trainingRows: Schema.Int,
    validationRows: Schema.Int,
    /**
     * What chose the best epoch: the dataset's own validation images, training images held out, or the test set, which then
     * says too much of it.
     */
    validation: Schema.Literal("dataset", "held-out", "test"),
    /** Numbers that the network learned. */
    parameters: Schema.Int
  })
)
