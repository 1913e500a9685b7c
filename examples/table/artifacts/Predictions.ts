import { ArrowTable } from "headrace"

/** A row a day: what a model says, beside what was counted. */
export const Predictions = ArrowTable.make("Predictions", 1, {
  date: "utf8",
  rentals: "float64",
  predicted: "float64",
  heldOut: "int32"
})
