import { ArrowTable, Column } from "headrace"

/** A row a language: a weight a bucket, and the bias at the end. */
export const LanguageModel = ArrowTable.make("LanguageModel", 1, {
  language: "utf8",
  weights: Column.tensor([Column.open], "float32")
})
