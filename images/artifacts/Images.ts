import { ArrowTable, Column } from "headrace"

/** Decoded images, uint8 [height, width, 3] in RGB, all of one size, each with the number of its class. */
export const Images = ArrowTable.make("Images", 1, {
  image: Column.tensor([Column.open, Column.open, 3], "uint8"),
  label: "int32"
})
