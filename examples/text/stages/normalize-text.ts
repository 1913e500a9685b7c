import { Stage } from "headrace"
import { Passages } from "../artifacts/Passages.ts"

/** Letters in lower case and one form of each, single blanks between words. A plain function of a row, and streamed: nothing of it is stored. */
export const normalizeText = Stage.map({
  name: "normalize-text",
  inputs: { passages: Passages },
  outputs: { normalized: Passages },
  run: ({ text, language }) => ({
    text: text
      .normalize("NFC")
      .toLowerCase()
      .replace(/[^\p{Letter}\p{Mark}]+/gu, " ")
      .trim(),
    language
  })
})
