import { stripVTControlCharacters } from "node:util"
import { formatCount, truncate } from "../../kinds/format.ts"

/** A line without an end is nobody's to read. */
const MOST_CELLS = 400

/** What a process printed, line by line as a screen would have it in the end: without colours, progress replaced by later one. */
const linesOf = (printed: string): ReadonlyArray<string> =>
  stripVTControlCharacters(printed)
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => line.slice(line.lastIndexOf("\r") + 1))

/** All of it, for a page. */
export const printedText = (printed: string): string => linesOf(printed).join("\n")

/** The last lines of what a node printed, under a line that says so; nothing where it printed nothing. */
export const lastPrinted = (printed: string, most: number, where: string): ReadonlyArray<string> => {
  const lines = linesOf(printed)
  if (lines.join("").trim() === "") return []
  const last = lines.slice(-most)
  const isAll = last.length === lines.length
  const heading = isAll
    ? "it printed:"
    : `it printed, the last ${most} of ${formatCount(lines.length)} lines (${where}):`
  return [`  ${heading}`, ...last.map((line) => `  | ${truncate(line, MOST_CELLS)}`)]
}
