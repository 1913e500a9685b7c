import { ArrowTable } from "headrace"

/** A row a few words of a text, in order. */
export const Passages = ArrowTable.make("Passages", 1, { text: "utf8", language: "utf8" })
