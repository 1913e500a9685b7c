import { ArrowTable } from "headrace"

/** A row an epoch, counted from 1: mean cross-entropy and accuracy over the training passages. */
export const History = ArrowTable.make("History", 1, { epoch: "int32", loss: "float64", accuracy: "float64" })
