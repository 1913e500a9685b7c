import * as path from "node:path"
import { Effect, Stream } from "effect"
import type { Trace } from "../../cache/Trace.ts"
import { formatCounted, formatSeconds } from "../../kinds/format.ts"
import { Kinds, kindOf } from "../../kinds/Kinds.ts"
import { Place } from "../../project/Place.ts"
import * as Views from "../../project/Views.ts"
import { type Command, type Option, type Project, plain, textGiven } from "../command/Command.ts"
import { UsageInvalid } from "../command/Usage.ts"
import { curves, type History } from "../report/Chart.ts"
import { documentsOf, fitsOf, valuesOf } from "../report/documents.ts"
import { historiesOf } from "../report/histories.ts"
import { metricsOf } from "../report/metrics.ts"
import type { Row } from "../report/record-rows.ts"
import { tracesOf } from "../report/run-traces.ts"
import { buildFolder } from "../results/build-folder.ts"
import { INDEX, unwritable } from "../results/results-writer.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { revisionText } from "../terminal/revision-text.ts"
import { shortPath } from "../terminal/short-path.ts"
import { table } from "../terminal/table-text.ts"
import { cells, headers, nameOf, workOf } from "./cells.ts"
import { choose } from "./choose.ts"
import { comparePage } from "./compare-page.ts"
import { curvesFigure } from "./curves-figure.ts"
import { type Compared, type Summary, summarize } from "./groups.ts"
import { differenceOf, type IsPicture, recipeOf } from "./recipe.ts"

/** PNG pixels for one SVG pixel. */
const ZOOM = 2

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

/** Writes the files into `results/compare/`, which is theirs alone; where each lies. */
const write = (files: Readonly<Record<string, string | Uint8Array>>) =>
  Effect.gen(function* () {
    const { results } = yield* Place
    const folder = path.join(results, "compare")
    const contents = Object.entries(files).map(([file, content]) => ({
      file,
      bytes: Stream.make(Buffer.from(content))
    }))
    const built = yield* buildFolder(folder, INDEX, contents, unwritable)
    return Object.fromEntries(built.map(({ file }) => [file, path.join(folder, file)]))
  })

const last: Option = {
  name: "--last",
  value: "N",
  description: "How many of the pipeline's finished runs, the newest",
  expected: "a whole number from 2",
  example: "5"
}

/** Compares runs of a pipeline: what differs, how well each does, what each computed, and their curves in one figure. */
export const compare = <S>({ pipelines, rasterize }: Project<S>): Command<S> =>
  plain<S>({
    name: "compare",
    description: "Compare runs: what differs, how well each does, their curves in one figure",
    args: [{ name: "RUN", description: "two runs or more, or a pipeline's name and --last N", isRepeated: true }],
    options: [last],
    run: (given) =>
      Effect.gen(function* () {
        const reporter = yield* Reporter
        const known = pipelines.map(({ name }) => name)
        const rows = yield* Effect.flatMap(choose(known, given.args, textGiven(given, last)), (chosen) =>
          Effect.forEach(chosen, read)
        )
        const pipeline = rows[0]?.pipeline ?? ""
        const summary = summarize(rows)
        const chart = chartOf(rows, summary)
        const drawn = summary.groups.reduce((sum, { runs }) => sum + runs.length, 0)
        const notes = notesOf(rows, summary, yield* isPicture)
        const description = pipelines.find(({ name }) => name === pipeline)?.description ?? ""
        const svg = chart === null ? null : curvesFigure(`${pipeline}: ${formatCounted(drawn, "run")}`, chart)
        const png = svg === null || rasterize === null ? null : yield* rasterize(svg, ZOOM)
        const files = yield* write({
          "report.html": comparePage({ pipeline, description, summary, curves: chart, notes }),
          ...(svg === null ? {} : { "curves.svg": svg }),
          ...(png === null ? {} : { "curves.png": png })
        })

        const right = (header: string) => ({ header, align: "right" as const })
        yield* reporter.print(
          table(
            headers(summary).map((header, at) => (at > summary.params.length + 1 ? right(header) : { header })),
            summary.groups.map((group, at) => cells(group, summary, at + 1))
          )
        )
        if (summary.groups.some(({ runs }) => runs.length > 1))
          yield* reporter.print("mean ± sample standard deviation over seeds, where a row has several")
        for (const note of notes) yield* reporter.print(note)
        yield* reporter.print("")
        const all = summary.groups.flatMap((group, at) =>
          [...group.runs, ...group.repeats].map((run) => ({ run, row: at + 1, ...workOf(run) }))
        )
        for (const { run, row, ran, reused } of all)
          yield* reporter.print(
            [
              `${run.id} (row ${row}): ran ${ran.join(", ") || "nothing"}`,
              `reused ${reused.join(", ") || "nothing"}`,
              formatSeconds(run.seconds),
              ...(run.git === null ? [] : [`commit ${revisionText(run.git)}`])
            ].join("; ")
          )
        yield* reporter.print("")
        for (const [name, file] of Object.entries(files))
          yield* reporter.print(`${name.replace(/\..*/, "")}: ${shortPath(file)}`)
        yield* reporter.print(
          `${pipeline}: ${formatCounted(rows.length, "run")} in ${formatCounted(summary.groups.length, "row")}`
        )
        yield* reporter.document({
          schema: 1,
          status: "done",
          pipeline,
          params: summary.params,
          metrics: summary.metrics,
          rows: summary.groups.map(({ params, seeds, runs, repeats, metrics, seconds }) => ({
            params,
            seeds,
            runs: runs.map(({ id }) => id),
            repeats: repeats.map(({ id }) => id),
            metrics: Object.fromEntries(metrics),
            seconds
          })),
          runs: all.map(({ run, row, ran, reused }) => ({
            run: run.id,
            row,
            status: run.status,
            params: run.params,
            git: run.git,
            metrics: Object.fromEntries(run.metrics),
            ran,
            reused,
            seconds: run.seconds
          })),
          notes,
          files
        })
        return 0
      })
  })
