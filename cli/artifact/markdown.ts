import * as Masked from "../../artifacts/Masked.ts"
import type { TableBlock } from "../../kinds/Kind.ts"

const SIGNS: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" }

/** Text in Markdown: names of classes and files come from anyone, and are to be read as they are, without what is secret. */
export const escaped = (text: string): string =>
  Masked.urls(text)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a table's row is one line
    .replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ")
    .replace(/[&<>]/g, (sign) => SIGNS[sign] ?? sign)
    .replace(/[\\`*_[\]|#]/g, (sign) => `\\${sign}`)

const line = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`

/** A table; its cells are text. */
export const table = ({ title, columns, rows }: TableBlock): string =>
  [
    ...(title === undefined ? [] : [`**${escaped(title)}**`, ""]),
    line(columns.map(({ header }) => escaped(header))),
    line(columns.map(({ align }) => (align === "right" ? "---:" : "---"))),
    ...rows.map((row) => line(row.map(escaped)))
  ].join("\n")

/** A section; null where it has nothing in it. */
export const section = (title: string, parts: ReadonlyArray<string>): string | null =>
  parts.length === 0 ? null : [`## ${title}`, ...parts].join("\n\n")
