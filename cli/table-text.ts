/** Plain text for the terminal: aligned tables, and sizes, times, counts and rates as people say them. */

export interface TextColumn {
  readonly header: string
  readonly align?: "left" | "right"
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: an SGR sequence, which colours text and takes no room
const colour = /\u001b\[[0-9;]*m/g
const mark = /[\p{Mark}\p{Default_Ignorable_Code_Point}]/u
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u

/** Terminal cells a text takes: two for East Asian wide characters and emoji, none for marks and colours. */
export const textWidth = (text: string): number =>
  Array.from(text.replace(colour, "")).reduce(
    (cells, character) => cells + (mark.test(character) ? 0 : wide.test(character) ? 2 : 1),
    0
  )

/** The text, cut to at most `cells` with an ellipsis at its end. Expects no colours. */
export const truncate = (text: string, cells: number): string => {
  if (textWidth(text) <= cells) return text
  let kept = ""
  for (const character of text) {
    if (textWidth(kept + character) > cells - 1) break
    kept += character
  }
  return cells < 1 ? "" : `${kept}…`
}

/** Lines of at most `cells` cells, broken between words; those after the first begin with `hang`. A longer word stays whole. */
export const wrap = (text: string, cells: number, hang = ""): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const word of text.split(" ")) {
    const last = lines.at(-1)
    if (last !== undefined && textWidth(`${last} ${word}`) <= cells) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(last === undefined ? word : `${hang}${word}`)
  }
  return lines
}

export const pad = (text: string, cells: number, align: "left" | "right" = "left"): string => {
  const space = " ".repeat(Math.max(0, cells - textWidth(text)))
  return align === "left" ? text + space : space + text
}

/** Lines of one width a column, two spaces between columns, nothing after the last character of a line. */
export const table = (columns: ReadonlyArray<TextColumn>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = columns.map((column, index) =>
    rows.reduce((most, row) => Math.max(most, textWidth(row[index] ?? "")), textWidth(column.header))
  )
  const line = (cells: ReadonlyArray<string>) =>
    columns
      .map((column, index) => pad(cells[index] ?? "", widths[index] ?? 0, column.align))
      .join("  ")
      .trimEnd()
  const headers = columns.map((column) => column.header)
  return [...(headers.some((header) => header !== "") ? [headers] : []), ...rows].map(line).join("\n")
}
