import * as path from "node:path"
import { Effect, Stream } from "effect"
import { formatCounted, formatSeconds } from "../../kinds/format.ts"
import { Place } from "../../project/Place.ts"
import { type Command, type Option, type Project, plain, textGiven } from "../command/Command.ts"
import { comparisonOf } from "../comparison/Comparison.ts"
import { cells, headers, workOf } from "../comparison/cells.ts"
import { choose } from "../comparison/choose.ts"
import { comparisonPage } from "../comparison/comparison-page.ts"
import { buildFolder } from "../results/build-folder.ts"
import { INDEX, unwritable } from "../results/results-writer.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { revisionText } from "../terminal/revision-text.ts"
import { shortPath } from "../terminal/short-path.ts"
import { table } from "../terminal/table-text.ts"
import { curvesFigure } from "./curves-figure.ts"

/** PNG pixels for one SVG pixel. */
const ZOOM = 2

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
        const rows = yield* choose(known, given.args, textGiven(given, last))
        const comparison = yield* comparisonOf(pipelines, rows)
        const { pipeline, summary, curves: chart, notes } = comparison
        const drawn = summary.groups.reduce((sum, { runs }) => sum + runs.length, 0)
        const svg = chart === null ? null : curvesFigure(`${pipeline}: ${formatCounted(drawn, "run")}`, chart)
        const png = svg === null || rasterize === null ? null : yield* rasterize(svg, ZOOM)
        const files = yield* write({
          "report.html": comparisonPage(comparison),
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
