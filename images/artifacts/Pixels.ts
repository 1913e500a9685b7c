/**
 * Images as the floats that networks take, of any size or of 224x224.
 *
 * @module
 */
import { ArrowTable, Column } from "headrace"

/** Images as float32 [height, width, 3] in [0, 1], of the size they came in. */
export const Pixels = ArrowTable.make("Pixels", 1, {
  image: Column.tensor([Column.open, Column.open, 3], "float32"),
  label: "int32"
})

/** Images as float32 [224, 224, 3] in [0, 1]: what an ImageNet network takes. */
export const Pixels224 = ArrowTable.make("Pixels", 1, {
  image: Column.tensor([224, 224, 3], "float32"),
  label: "int32"
})
