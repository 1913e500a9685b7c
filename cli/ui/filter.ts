import type { RunRow } from "../../ui/Api.ts"

// What is written to find runs: words, and comparisons of what a run was given and came to, all of which must hold.

/** The values by which a run is compared and sorted, by name: of two of one name a parameter comes before a number that it came to. */
const fieldOf = (row: RunRow, name: string): unknown => {
  switch (name) {
    case "run":
    case "pipeline":
    case "kind":
    case "status":
    case "started":
    case "seconds":
    case "points":
    case "ran":
    case "reused":
      return row[name]
    case "note":
      return row.marks.note
    case "tag":
      return row.marks.tags
    default:
      return name in row.params ? row.params[name] : row.metrics[name]
  }
}

const collator = new Intl.Collator("en", { numeric: true })

const OPERATORS = ["!=", ">=", "<=", "=", ">", "<"] as const
type Operator = (typeof OPERATORS)[number]

const textOf = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""))

const isEqual = (value: unknown, written: string): boolean => {
  if (Array.isArray(value) && value.some((each) => textOf(each) === written)) return true
  if (typeof value === "number" && written.trim() !== "") return value === Number(written)
  return textOf(value) === written
}

/** Numbers by how large they are, whatever else by its letters, such as when it started; what is not there is neither. */
const ordered =
  (holds: (order: number) => boolean) =>
  (value: unknown, written: string): boolean => {
    if (value === null || written.trim() === "") return false
    if (typeof value !== "number") return holds(collator.compare(textOf(value), written))
    const number = Number(written)
    return !Number.isNaN(number) && holds(value - number)
  }

const compares: Readonly<Record<Operator, (value: unknown, written: string) => boolean>> = {
  "=": isEqual,
  "!=": (value, written) => !isEqual(value, written),
  ">": ordered((order) => order > 0),
  "<": ordered((order) => order < 0),
  ">=": ordered((order) => order >= 0),
  "<=": ordered((order) => order <= 0)
}

type Test = (row: RunRow) => boolean

/** Case tells no words apart. */
const hasWord = (word: string): Test => {
  const wanted = word.toLowerCase()
  return ({ run, pipeline, status, kind, params, marks, error }) =>
    [run, pipeline, status, kind, error ?? "", marks.note, ...marks.tags, ...Object.values(params).map(textOf)].some(
      (text) => text.toLowerCase().includes(wanted)
    )
}

/** `units=256`, `"two words"`, `note="two words"`, `-word` */
const TERM = /(-)?(?:([A-Za-z][\w.]*)(!=|>=|<=|=|>|<))?(?:"([^"]*)"?|(\S+))/g

/** What a run must be that a filter leaves; all are left by one that is empty. */
export const filterOf = (filter: string): Test => {
  const tests = [...filter.matchAll(TERM)].map(([, not, name, operator, quoted, plain]): Test => {
    const written = quoted ?? plain ?? ""
    const test: Test =
      name === undefined
        ? hasWord(written)
        : (row) => {
            const value = fieldOf(row, name)
            return value !== undefined && compares[operator as Operator](value, written)
          }
    return not === undefined ? test : (row) => !test(row)
  })
  return (row) => tests.every((test) => test(row))
}

/** Numbers by how large they are, whatever else by its letters. */
const compare = (a: unknown, b: unknown): number => {
  if (a === b) return 0
  return typeof a === "number" && typeof b === "number" ? a - b : collator.compare(textOf(a), textOf(b))
}

const COLUMNS = new Set(["run", "pipeline", "kind", "status", "started", "seconds", "points", "note", "tag"])

/** By what runs are sorted: null for a column that there is none of. */
export const orderOf = (sort: string): ((a: RunRow, b: RunRow) => number) | null => {
  const isDown = sort.startsWith("-")
  const column = isDown ? sort.slice(1) : sort
  const [of, name] = column.split(/:(.*)/s)
  const read: ((row: RunRow) => unknown) | null =
    name === undefined
      ? COLUMNS.has(column)
        ? (row) => fieldOf(row, column)
        : null
      : of === "param"
        ? (row) => row.params[name]
        : of === "metric"
          ? (row) => row.metrics[name]
          : null
  if (read === null) return null
  return (a, b) => {
    const [one, other] = [read(a), read(b)]
    // what a run has not comes last, either way
    const isMissing = Number(one === undefined) - Number(other === undefined)
    const by = isMissing !== 0 ? isMissing : isDown ? compare(other, one) : compare(one, other)
    return by !== 0 ? by : a.run < b.run ? 1 : -1
  }
}
