import { textWidth } from "../../kinds/format.ts"

export interface TextColumn {
  readonly header: string
  readonly align?: "left" | "right"
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
