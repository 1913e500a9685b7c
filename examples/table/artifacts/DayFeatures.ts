import { ArrowTable, Column } from "headrace"

/** What of a day may explain its rentals. */
export const FEATURES = ["temperature", "heat", "rain", "wind", "weekend"] as const

/** A row a day. */
export const DayFeatures = ArrowTable.make("DayFeatures", 1, {
  date: "utf8",
  /** A number for each of `FEATURES`, in their order. */
  feature: Column.tensor([FEATURES.length], "float32"),
  rentals: "float64",
  /** 1 for a day that the model is tested on and not fitted to, 0 for any other. */
  heldOut: "int32"
})
