import { Predicate } from "effect"
import { formatCount } from "../../kinds/format.ts"
import { numbersOf, numberText, wordsOf } from "../terminal/numbers.ts"
import { shortPath } from "../terminal/short-path.ts"
import { table } from "../terminal/table-text.ts"

/** A result as `run` tells it: a document's value, or a `path` with what else is known, such as the `error` that kept it from being read. */
export type Value = Readonly<Record<string, unknown>>

const mostRows = 20

/** The numbers that a document holds itself. */
export const numbers = (document: Value): Value =>
  Object.fromEntries(numbersOf(document).map(({ name, value }) => [name, value]))

/** A document's own numbers in words, accuracies first: what one looks for. */
const numbersText = (document: Value): string =>
  numbersOf(document)
    .map(({ name, value }) => `${wordsOf(name)} ${numberText(name, value)}`)
    .join(", ")

/** The first list of a document that reads as a table: a record a row. */
const rowsOf = (document: Value): ReadonlyArray<Value> =>
  Object.values(document).find(
    (value): value is ReadonlyArray<Value> =>
      Array.isArray(value) && value.length > 0 && value.every(Predicate.isRecord)
  ) ?? []

/** Rows as an aligned table, names before numbers; a share says itself that it is an accuracy. */
const tableText = (rows: ReadonlyArray<Value>): string => {
  const isText = (name: string) => rows.some((row) => typeof row[name] === "string")
  const names = Object.keys(rows[0] ?? {})
    .filter((name) => rows.every((row) => row[name] === null || ["string", "number"].includes(typeof row[name])))
    .sort((a, b) => Number(isText(b)) - Number(isText(a)))
  const cell = (name: string, value: unknown): string =>
    typeof value === "number" ? numberText(name, value) : value === null ? "" : String(value)
  return table(
    names.map((name) => ({
      header: wordsOf(name.replace(/Accuracy$/, "")),
      align: isText(name) ? ("left" as const) : ("right" as const)
    })),
    rows.slice(0, mostRows).map((row) => names.map((name) => cell(name, row[name])))
  )
}

/** A result for people: where it lies, the numbers that it holds itself, or else its rows, or the names of what it holds. */
export const text = (name: string, value: Value): string => {
  const { path: file, ...document } = value
  const { error } = document
  const isUnread = typeof file === "string" && Predicate.hasProperty(error, "what")
  const own = isUnread ? `not read: ${error.what}` : numbersText(document)
  if (typeof file === "string") return `${name}: ${shortPath(file)}${own === "" ? "" : ` (${own})`}`
  const rows = rowsOf(document)
  if (own !== "" || rows.length === 0)
    return `${name}: ${own === "" ? Object.keys(document).map(wordsOf).join(", ") : own}`
  const more = rows.length > mostRows ? `\n… and ${formatCount(rows.length - mostRows)} more` : ""
  return `${name}:\n${tableText(rows)}${more}`.replaceAll("\n", "\n  ")
}
