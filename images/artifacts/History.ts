import { ArrowTable } from "headrace"

/** One row an epoch, counted from 1: mean loss and accuracy over the training rows and over the held-out rows. */
export const History = ArrowTable.make("History", 1, {
  epoch: "int32",
  loss: "float64",
  accuracy: "float64",
  validationLoss: "float64",
  validationAccuracy: "float64"
})
