import { ArrowTable, Column } from "headrace"

/** What a frozen backbone sees in an image: floats after global average pooling, 1,280 of a MobileNetV2 1.0. */
export const Features = ArrowTable.make("Features", 1, {
  feature: Column.tensor([Column.open], "float32"),
  label: "int32"
})
