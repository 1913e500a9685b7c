import { Effect } from "effect"
import type * as Pipeline from "../../engine/Pipeline.ts"
import { RunEvents } from "../../engine/RunEvent.ts"
import type { RunRecord } from "../../engine/RunRecord.ts"
import * as Sweep from "../../engine/Sweep.ts"
import { formatCount, formatCounted, formatSeconds } from "../../kinds/format.ts"
import { notHere, on, onMachines, slurmOptions } from "../cluster/on.ts"
import { type Command, numberGiven, type Option, ofPipeline, type Project, textsGiven } from "../command/Command.ts"
import { sentence, toldOf } from "../command/option-text.ts"
import * as ParamOptions from "../command/param-options.ts"
import { reportRun } from "../report/report-writer.ts"
import { asked, flags, options, refreshing } from "../run/asked.ts"
import { carryOut } from "../run/carry-out.ts"
import { aboutRecord, countOf, untilText } from "../run/record-text.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { shortPath } from "../terminal/short-path.ts"
import { textsOf } from "./axes.ts"
import { counted, ELSEWHERE } from "./counted.ts"
import { sweepEvents } from "./sweep-events.ts"
import { pointsOf } from "./sweep-points.ts"
import { type Settled, sweepTable } from "./sweep-table.ts"

const whatRan = (record: RunRecord, settled: ReadonlyArray<Settled>): string => {
  const count = countOf(record)
  const points = `${formatCount(settled.length)} of ${formatCounted(record.sweep?.points.length ?? 0, "point")}`
  if (record.status === "interrupted") return `${points}; run it again to go on`
  if (record.status === "done" && count("ran") === 0) return `${points}, nothing to do: everything is cached`
  const failed = count("failed") === 0 ? "" : `, ${count("failed")} failed`
  return `${points}; ${formatCounted(count("ran"), "node")} ran, ${formatCount(count("reused"))} cached${failed}`
}

const toJson = (record: RunRecord, settled: ReadonlyArray<Settled>, report: string | null) => {
  const count = countOf(record)
  const byPoint = new Map(settled.map((one) => [one.point, one]))
  return {
    ...aboutRecord(record),
    varied: record.sweep?.varied ?? [],
    points: (record.sweep?.points ?? []).map(({ params, status, error }, point) => {
      const found = byPoint.get(point)
      const ran = found === undefined ? null : found.ran
      return {
        params,
        status,
        ran,
        metrics: Object.fromEntries(found?.metrics ?? []),
        error: error === null ? null : toldOf(error)
      }
    }),
    nodes: { ran: count("ran"), reused: count("reused"), failed: count("failed") },
    report,
    ...(record.error === null ? {} : { error: toldOf(record.error) })
  }
}

/** Told when a sweep is over, also when it is interrupted. */
const tell = (
  pipeline: Pipeline.AnyPipeline,
  record: RunRecord,
  varied: ReadonlyArray<string>,
  settled: ReadonlyArray<Settled>
) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const report = yield* reportRun({ pipelines: [pipeline] }, record)
    if (reporter.json) return yield* reporter.document(toJson(record, settled, report))
    // a pipe is as wide as one likes
    const columns = process.stdout.isTTY ? reporter.width : Number.POSITIVE_INFINITY
    const room = { rows: Number.POSITIVE_INFINITY, columns }
    if (settled.length > 0) yield* reporter.print(sweepTable(varied, settled, room))
    if (report !== null) yield* reporter.print(`report: ${shortPath(report)}`)
    const told = `${record.pipeline}${untilText(record)} ${record.run} ${record.status} in ${formatSeconds(record.seconds)}`
    yield* reporter.print(`${told}: ${whatRan(record, settled)}`)
    const failures = new Map(settled.flatMap(({ error }) => (error === null ? [] : [[sentence(error), error]])))
    for (const failure of failures.keys()) yield* reporter.note(`error: ${failure}`)
    if (record.error !== null) yield* reporter.note(`error: ${sentence(record.error)}`)
  })

const over: Option = {
  name: "--over",
  value: "PARAMETER=VALUES",
  description:
    "A parameter and its values: units=64,128 or a range, learning-rate=log(1e-4,1e-1,8), linear(FROM,TO,COUNT), int(FROM,TO,COUNT); several are combined",
  expected: "a parameter and its values",
  example: "learning-rate=1e-4,1e-3",
  isRepeated: true
}
const random = counted(
  "--random",
  "Draw so many points at random from the values and ranges, instead of every combination",
  "20"
)
const seeds = counted("--seeds", "Every point with so many seeds, from 0", "3")
const jobs = counted("--jobs", "Points computed side by side; as many as cores by default, with --on 256", "2")

/** Runs a pipeline at many points. */
export const sweep = <S>(project: Project<S>): Command<S> =>
  ofPipeline<S>({
    name: "sweep",
    description: "Run a pipeline at many points of its parameters; what they share is computed once",
    flags: [...flags, notHere],
    options: [over, random, seeds, jobs, ...options, on, slurmOptions],
    computes: true,
    run: (pipeline, given) =>
      Effect.gen(function* () {
        const side = numberGiven(given, jobs)
        const { varied, points, ...how } = yield* pointsOf(pipeline, {
          over: textsGiven(given, over),
          shared: yield* ParamOptions.given(pipeline, given.params),
          random: numberGiven(given, random),
          seeds: numberGiven(given, seeds),
          jobs: side
        })
        const parts = yield* Effect.forEach(points, (point) => asked(pipeline, point, given))
        const values = points.map((point) => textsOf(pipeline, point, varied))
        const events = yield* RunEvents
        const { publish, settled } = yield* sweepEvents({ varied, values }, events.publish)
        return yield* onMachines(project, given, (cores) =>
          carryOut(Sweep.run(pipeline, points, { cores, jobs: side ?? cores ?? ELSEWHERE, varied, parts, ...how }), {
            publish,
            tell: (record) => tell(pipeline, record, varied, [...settled.values()])
          })
        )
      }).pipe(refreshing(given))
  })
