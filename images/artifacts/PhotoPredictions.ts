import { ArrowTable, Column } from "headrace"
import { Photos } from "./Photos.ts"

/** What photos show, one row each: where it comes from, and the probability of every class. The classes' names are in the metadata. */
export const PhotoPredictions = ArrowTable.make("PhotoPredictions", 1, {
  ...Photos.columns,
  probability: Column.tensor([Column.open], "float32")
})
