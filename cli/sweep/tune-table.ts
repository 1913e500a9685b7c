import type { Explained } from "../../artifacts/Explained.ts"
import type { Goal, Metric } from "../../engine/Goal.ts"
import * as Halving from "../../engine/Halving.ts"
import { numberText, wordsOf } from "../terminal/numbers.ts"
import { table } from "../terminal/table-text.ts"

/** What a trial came to at a rung. */
export interface Tried {
  readonly point: number
  readonly trial: number
  /** Its values of what trials differ in, in a few words. */
  readonly texts: ReadonlyArray<string>
  readonly steps: number | null
  readonly score: number | null
  readonly ran: boolean
  /** The numbers of its documents, by name. */
  readonly metrics: ReadonlyMap<string, number>
  readonly error: Explained | null
}

/** What a table of trials tells beside what they came to. */
export interface Columns {
  readonly goal: Goal
  readonly metric: Metric
  readonly varied: ReadonlyArray<string>
  readonly steps: string | null
}

/** What one of several steps is called: `epoch`. */
export const singular = (name: string): string => name.replace(/s$/, "")

/** `7 epochs`, `1 epoch`. */
export const stepsText = (count: number, name: string): string => `${count} ${count === 1 ? singular(name) : name}`

/** Each trial by its best, failed ones last. */
const ranked = (tried: ReadonlyArray<Tried>, { direction }: Goal): ReadonlyArray<Tried> => {
  const byPoint = tried.toSorted((one, other) => (other.steps ?? 0) - (one.steps ?? 0) || one.trial - other.trial)
  const best = Halving.best(byPoint, byPoint.length, direction)
  const failed = byPoint.filter(({ score }) => score === null)
  const told = new Set<number>()
  return [...best, ...failed].filter(({ trial }) => !told.has(trial) && told.add(trial))
}

/** The trials so far, so many at most, the best first. */
export const tuneTable = (
  tried: ReadonlyArray<Tried>,
  { goal, metric, varied, steps }: Columns,
  most: number
): string => {
  const right = (header: string) => ({ header, align: "right" as const })
  const rows = ranked(tried, goal)
  const text = table(
    [
      right("trial"),
      ...[...varied, ...(steps === null ? [] : [steps]), metric.field].map(wordsOf).map(right),
      { header: "" }
    ],
    rows
      .slice(0, most)
      .map((one) => [
        String(one.trial + 1),
        ...one.texts,
        ...(steps === null ? [] : [String(one.steps)]),
        one.score === null ? "" : numberText(metric.field, one.score),
        one.error === null ? (one.ran ? "" : "cached") : "failed"
      ])
  )
  return rows.length > most ? `${text}\n… and ${rows.length - most} more` : text
}
