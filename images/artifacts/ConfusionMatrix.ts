import { ArrowTable } from "headrace"

/** One row a pair of classes, by name, in class order: how many images of `actual` were taken for `predicted`. */
export const ConfusionMatrix = ArrowTable.make("ConfusionMatrix", 1, {
  actual: "utf8",
  predicted: "utf8",
  count: "int32"
})
