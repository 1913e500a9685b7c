import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect } from "effect"
import { kindOf, type RunRecord } from "../../engine/RunRecord.ts"
import { runOrNewest } from "../address/run-address.ts"
import { type Command, type Option, type Project, plain, textGiven } from "../command/Command.ts"
import { UsageInvalid } from "../command/Usage.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { shortPath } from "../terminal/short-path.ts"
import { sizeText } from "../terminal/size-text.ts"
import { writeReport } from "./report-writer.ts"

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

const toFile: Option = {
  name: "--to",
  value: "FILE",
  description: "The file to write, instead of report.html beside the run's results or record",
  expected: "the file to write",
  example: "report.html"
}

/** Which record is told of: a pipeline's name may mean a run as well as a sweep or a tune. */
const named = (record: RunRecord): string => {
  const size = sizeText(record)
  return `${kindOf(record)} ${record.run} of ${record.pipeline}${size === null ? "" : `, ${size}`}, ${record.status}`
}

/** Makes the report of a kept run again, whatever became of the run. */
export const report = <S>(project: Project<S>): Command<S> =>
  plain<S>({
    name: "report",
    description: "Make the report of a run or sweep again, as one HTML file",
    args: [{ name: "RUN", description: "the id of a run or sweep, or a pipeline's name for the newest of either" }],
    options: [toFile],
    run: (given) =>
      Effect.gen(function* () {
        const reporter = yield* Reporter
        const [what = ""] = given.args
        const to = textGiven(given, toFile)
        const record = yield* runOrNewest(
          project.pipelines.map(({ name }) => name),
          what
        )
        const file = yield* writeReport(project, record, to === null ? null : yield* target(to))
        yield* reporter.print(`report of ${named(record)}: ${shortPath(file)}`)
        const { run, pipeline, status } = record
        yield* reporter.document({ schema: 1, status: "done", run, pipeline, runStatus: status, report: file })
        return 0
      })
  })
