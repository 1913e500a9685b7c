import { Effect } from "effect"
import type { Trace } from "../../cache/Trace.ts"
import { Kinds, kindOf } from "../../kinds/Kinds.ts"
import * as Views from "../../project/Views.ts"
import { UsageInvalid } from "../command/Usage.ts"
import { type Chart, curves, type History } from "../report/Chart.ts"
import { documentsOf, fitsOf, valuesOf } from "../report/documents.ts"
import { historiesOf } from "../report/histories.ts"
import { metricsOf } from "../report/metrics.ts"
import type { Row } from "../report/record-rows.ts"
import { tracesOf } from "../report/run-traces.ts"
import { nameOf } from "./cells.ts"
import { type Compared, type Summary, summarize } from "./groups.ts"
import { differenceOf, type IsPicture, recipeOf } from "./recipe.ts"

/** All that is said of runs that are compared. */
export interface Comparison {
  readonly pipeline: string
  readonly description: string
  readonly summary: Summary
  readonly curves: Chart | null
  readonly notes: ReadonlyArray<string>
}

/** A pipeline as far as a comparison names it. */
interface Described {
  readonly name: string
  readonly description: string
}

interface Read extends Compared {
  readonly traces: ReadonlyMap<string, Trace>
  readonly histories: ReadonlyArray<Omit<History, "entry">>
  readonly isTest: boolean
}

/** Why a row whose documents are all there has no number. */
const whyNone = ({ status, until }: Row): string =>
  status !== "done" ? `was ${status}` : until === undefined ? "makes none" : `was run until ${until.join(", ")}`

const isPicture: Effect.Effect<IsPicture, never, Kinds> = Effect.map(
  Kinds,
  (kinds) => (stored) => kindOf(kinds, stored).isPicture(stored)
)

/** What is compared of a row: a run that has no numbers is none that can be. */
const read = (row: Row) =>
  Effect.gen(function* () {
    const kinds = yield* Kinds
    // a run has documents of pictures that a point of a sweep has not: they are no reason to tell the two apart
    const told = Object.entries(row.results).filter(([, { stored }]) => !kindOf(kinds, stored).isPicture(stored))
    const documents = yield* documentsOf(Object.fromEntries(told))
    const metrics = metricsOf(valuesOf(documents))
    if (metrics.length === 0) {
      const gone = Object.values(row.results).some(({ stored }) => kindOf(kinds, stored).value !== null)
      return yield* new UsageInvalid({
        what: gone
          ? `The metrics of ${row.id} are gone from the cache`
          : `${row.id} has no metrics: it ${whyNone(row)}`,
        expected: "runs with a number to compare",
        fix: gone || row.status !== "done" ? "Run it again, or leave it out." : "Leave it out."
      })
    }
    const traces = yield* tracesOf(row.nodes)
    const compared: Read = {
      ...row,
      traces,
      metrics: new Map(metrics.map(({ name, value }) => [name, value])),
      recipe: recipeOf(row.nodes, traces, yield* isPicture),
      histories: yield* historiesOf(traces),
      isTest: fitsOf(yield* Views.Current, documents).some(({ validation }) => validation === "test")
    }
    return compared
  })

/** The curves of all runs, a row's in one colour. */
const chartOf = (rows: ReadonlyArray<Read>, summary: Summary) => {
  const entries = summary.groups.map((group, at) => nameOf(group, summary, at + 1))
  const histories = summary.groups.flatMap(({ runs }, entry) =>
    runs.flatMap((run) =>
      (rows.find(({ id }) => id === run.id)?.histories ?? []).map((history, _, all): History => {
        const name = entries[entry] ?? ""
        const seed = runs.length === 1 ? "" : `, seed ${JSON.stringify(run.params.seed)}`
        return { ...history, entry, label: `${name}${seed}${all.length === 1 ? "" : `, ${history.label}`}` }
      })
    )
  )
  const validation = rows.every(({ isTest }) => isTest) ? "test" : "validation"
  return curves(histories, { entries, kinds: { training: "training", validation }, bestEpoch: null })
}

/** What rows of equal parameters differ in, and what was left out of a mean. */
const notesOf = (
  rows: ReadonlyArray<Read>,
  { groups, params }: Summary,
  isPicture: IsPicture
): ReadonlyArray<string> => {
  const tracesOfRow = (at: number) => rows.find(({ id }) => id === groups[at]?.runs[0]?.id)?.traces ?? new Map()
  const twins = groups.flatMap((group, at) => {
    const first = groups.findIndex((other) =>
      params.every((name) => JSON.stringify(other.params[name]) === JSON.stringify(group.params[name]))
    )
    if (first === at) return []
    const why = differenceOf(tracesOfRow(first), tracesOfRow(at), isPicture) ?? "nothing that their traces tell"
    return [`Rows ${first + 1} and ${at + 1} have the same parameters, and differ in ${why}.`]
  })
  const repeats = groups.flatMap(({ repeats }, at) =>
    repeats.length === 0
      ? []
      : [
          `Row ${at + 1}: ${repeats.map(({ id }) => id).join(", ")} repeat${repeats.length === 1 ? "s" : ""} a run with the same seed and result, and count${repeats.length === 1 ? "s" : ""} once.`
        ]
  )
  return [...twins, ...repeats]
}

/** Compares runs of one pipeline, and points of its sweeps: what differs, how well each does, and their curves. */
export const comparisonOf = (pipelines: ReadonlyArray<Described>, chosen: ReadonlyArray<Row>) =>
  Effect.gen(function* () {
    const rows = yield* Effect.forEach(chosen, read)
    const pipeline = rows[0]?.pipeline ?? ""
    const summary = summarize(rows)
    const comparison: Comparison = {
      pipeline,
      description: pipelines.find(({ name }) => name === pipeline)?.description ?? "",
      summary,
      curves: chartOf(rows, summary),
      notes: notesOf(rows, summary, yield* isPicture)
    }
    return comparison
  })
