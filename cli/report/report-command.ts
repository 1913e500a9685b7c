import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect } from "effect"
import { runOrNewest } from "../address/run-address.ts"
import { UsageInvalid } from "../command/Usage.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { shortPath } from "../terminal/short-path.ts"
import { type Pages, writeReport } from "./report-writer.ts"

/** The file that --to names. A folder can't be replaced by a file, and rarely is meant. */
const target = (to: string): Effect.Effect<string, UsageInvalid> =>
  Effect.promise(() => fs.stat(to).catch(() => null)).pipe(
    Effect.filterOrFail(
      (stat) => to !== "" && stat?.isDirectory() !== true,
      () =>
        new UsageInvalid({
          what: to === "" ? "--to is empty" : `--to ${to} is a folder`,
          expected: "the name of a file",
          fix: `Try --to ${path.join(to, "report.html")}.`
        })
    ),
    Effect.as(path.resolve(to))
  )

/** Makes the report of a kept run again, whatever became of the run. */
export const report = (project: Pages, what: string, to: string | null) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const record = yield* runOrNewest(
      project.pipelines.map(({ name }) => name),
      what
    )
    const file = yield* writeReport(project, record, to === null ? null : yield* target(to))
    yield* reporter.print(`${record.pipeline} ${record.run} ${record.status}: ${shortPath(file)}`)
    const { run, pipeline, status } = record
    yield* reporter.document({ schema: 1, status: "done", run, pipeline, runStatus: status, report: file })
    return 0
  })
