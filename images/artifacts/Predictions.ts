import { ArrowTable, Column } from "headrace"

/** One row an image, in the order of the table that was predicted: its class, the likeliest class, every probability. */
export const Predictions = ArrowTable.make("Predictions", 1, {
  label: "int32",
  predicted: "int32",
  probability: Column.tensor([Column.open], "float32")
})
