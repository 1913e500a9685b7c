import { ArrowTable, Column } from "headrace"

/** A row a passage: how often its n-grams fall into each bucket, scaled to a Euclidean norm of 1. */
export const HashedNgrams = ArrowTable.make("HashedNgrams", 1, {
  feature: Column.tensor([Column.open], "float32"),
  language: "utf8"
})
