import type { Explained } from "../../artifacts/Explained.ts"
import { textWidth } from "../../kinds/format.ts"
import { tellingMetrics } from "../report/differing.ts"
import { spreadText, wordsOf } from "../terminal/numbers.ts"
import { spread } from "../terminal/statistics.ts"
import { table } from "../terminal/table-text.ts"

/** A point of a sweep that is over. */
export interface Settled {
  readonly point: number
  /** The values of the varied parameters, in their order, in a few words. */
  readonly values: ReadonlyArray<string>
  readonly ran: boolean
  /** The numbers of its documents, by name, what one looks for first. */
  readonly metrics: ReadonlyMap<string, number>
  readonly error: Explained | null
}

/** Points that differ in their seed alone. */
interface Row {
  readonly values: ReadonlyArray<string>
  readonly members: ReadonlyArray<Settled>
}

/** What points are ranked by, the first of these that any of them has: of other numbers nobody knows whether more is better. */
const RANKED_BY = ["validationAccuracy", "testAccuracy", "accuracy"]

const of = (row: Row, name: string): ReadonlyArray<number> =>
  row.members.flatMap((member) => member.metrics.get(name) ?? [])

const cell = (row: Row, name: string): string => {
  const values = of(row, name)
  return values.length === 0 ? "" : spreadText(name, spread(values), row.members.length)
}

const outcome = ({ members }: Row): string => {
  const failed = members.filter(({ error }) => error !== null).length
  const ran = members.filter((member) => member.ran).length
  if (members.length === 1) return failed === 1 ? "failed" : ran === 1 ? "ran" : "cached"
  return [
    `${members.length} seeds`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(ran > 0 ? [`${ran} ran`] : [])
  ].join(", ")
}

/** Points with equal values but for that of the seed. */
const grouped = (settled: ReadonlyArray<Settled>, seedAt: number): ReadonlyArray<Row> => {
  const rows = new Map<string, { values: ReadonlyArray<string>; members: Array<Settled> }>()
  for (const one of settled) {
    const values = one.values.filter((_, at) => at !== seedAt)
    const key = values.join("\n")
    const row = rows.get(key) ?? { values, members: [] }
    row.members.push(one)
    rows.set(key, row)
  }
  return [...rows.values()]
}

/** How much of a table is shown. */
export interface Room {
  readonly rows: number
  readonly columns: number
}

/** Numbers worth a column: those that tell points apart or how well they do, and all where none does. */
const columnsOf = (settled: ReadonlyArray<Settled>): ReadonlyArray<string> => {
  const telling = tellingMetrics(settled.filter(({ error }) => error === null))
  return telling.length > 0 ? telling : [...new Set(settled.flatMap(({ metrics }) => [...metrics.keys()]))]
}

/**
 * The points that are over, in the order in which they were given; where they have an accuracy, the best first, and those without one last.
 * Numbers that find no room are left out.
 */
export const sweepTable = (varied: ReadonlyArray<string>, settled: ReadonlyArray<Settled>, room: Room): string => {
  const seedAt = varied.indexOf("seed")
  const names = varied.filter((_, at) => at !== seedAt)
  const rows = grouped(
    [...settled].sort((a, b) => a.point - b.point),
    seedAt
  )
  const metrics = columnsOf(settled)
  const rankedBy = RANKED_BY.find((name) => metrics.includes(name))
  const rank = (row: Row) => {
    const values = rankedBy === undefined ? [] : of(row, rankedBy)
    return values.length === 0 ? -1 : spread(values).mean
  }
  // a stable sort: equal ones stay in their order
  const ranked = rows.map((row) => ({ row, rank: rank(row) })).sort((a, b) => b.rank - a.rank)
  const right = (name: string) => ({ header: wordsOf(name), align: "right" as const })
  const text = (shown: ReadonlyArray<string>): string =>
    table(
      [...names.map(right), ...shown.map(right), { header: "" }],
      ranked
        .slice(0, room.rows)
        .map(({ row }) => [...row.values, ...shown.map((name) => cell(row, name)), outcome(row)])
    )
  const fitting = (shown: ReadonlyArray<string>): string => {
    const whole = text(shown)
    const isWide = whole.split("\n").some((line) => textWidth(line) > room.columns)
    return isWide && shown.length > 1 ? fitting(shown.slice(0, -1)) : whole
  }
  const fits = fitting(rankedBy === undefined ? metrics : [rankedBy, ...metrics.filter((name) => name !== rankedBy)])
  return ranked.length > room.rows ? `${fits}\n… and ${ranked.length - room.rows} more` : fits
}
