import { availableParallelism } from "node:os"
import { Effect } from "effect"
import { tidy } from "../../cache/tidy.ts"
import * as Graph from "../../engine/Graph.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import { RunEvents } from "../../engine/RunEvent.ts"
import type { RunRecord } from "../../engine/RunRecord.ts"
import * as Sweep from "../../engine/Sweep.ts"
import { formatCount, formatSeconds } from "../../kinds/format.ts"
import type { Kinds } from "../../kinds/Kinds.ts"
import { Place } from "../../project/Place.ts"
import type * as Views from "../../project/Views.ts"
import { sentence, shown, toldOf } from "../command/option-text.ts"
import { reportRun } from "../report/report-writer.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { shortPath } from "../terminal/short-path.ts"
import { sweepEvents } from "./sweep-events.ts"
import type { Points } from "./sweep-points.ts"
import { type Settled, sweepTable } from "./sweep-table.ts"

const count = ({ nodes }: RunRecord, status: string) => nodes.filter((node) => node.status === status).length

const whatRan = (record: RunRecord, settled: ReadonlyArray<Settled>): string => {
  const points = `${formatCount(settled.length)} of ${formatCount(record.sweep?.points.length ?? 0)} points`
  if (record.status === "interrupted") return `${points}; run it again to go on`
  if (record.status === "done" && count(record, "ran") === 0) return `${points}, nothing to do: everything is cached`
  const failed = count(record, "failed") === 0 ? "" : `, ${count(record, "failed")} failed`
  return `${points}; ${formatCount(count(record, "ran"))} nodes ran, ${formatCount(count(record, "reused"))} cached${failed}`
}

const toJson = (record: RunRecord, settled: ReadonlyArray<Settled>, report: string | null) => {
  const byPoint = new Map(settled.map((one) => [one.point, one]))
  return {
    schema: record.schema,
    run: record.run,
    pipeline: record.pipeline,
    status: record.status,
    seconds: record.seconds,
    params: record.params,
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
    git: record.git,
    nodes: { ran: count(record, "ran"), reused: count(record, "reused"), failed: count(record, "failed") },
    notices: (record.notices ?? []).map(shown),
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
    const told = `${record.pipeline} ${record.run} ${record.status} in ${formatSeconds(record.seconds)}`
    yield* reporter.print(`${told}: ${whatRan(record, settled)}`)
    const failures = new Map(settled.flatMap(({ error }) => (error === null ? [] : [[sentence(error), error]])))
    for (const failure of failures.keys()) yield* reporter.note(`error: ${failure}`)
    if (record.error !== null) yield* reporter.note(`error: ${sentence(record.error)}`)
  })

/** Runs a pipeline at many points; the exit code. */
export const sweep = <P extends Pipeline.AnyPipeline>(
  pipeline: P,
  { varied, points, asked }: Points,
  jobs: number | null
): Effect.Effect<number, never, Sweep.Needs | Place | Kinds | Views.Current | Reporter | Pipeline.PlanningNeedsOf<P>> =>
  Effect.gen(function* () {
    const { home } = yield* Place
    const events = yield* RunEvents
    const values = points.map((point) => {
      const encoded = Pipeline.encodeParams(pipeline, point)
      return varied.map((name) => Graph.valueText(pipeline.params[name], point[name], encoded[name]))
    })
    const { publish, settled } = yield* sweepEvents({ varied, values }, events.publish)
    const context = yield* Effect.context<Effect.Effect.Context<ReturnType<typeof tell>>>()
    const cores = availableParallelism()
    const telling = {
      publish: (event: Parameters<typeof publish>[0]) =>
        Effect.zipRight(
          publish(event),
          event._tag === "RunFinished"
            ? Effect.provide(tell(pipeline, event.record, varied, [...settled.values()]), context)
            : Effect.void
        )
    }
    const record = yield* Sweep.run(pipeline, points, { cores, jobs: jobs ?? cores, varied, asked }).pipe(
      Effect.provideService(RunEvents, telling)
    )
    if (count(record, "ran") > 0) yield* Effect.ignore(Effect.sandbox(tidy(home)))
    return record.status === "done" ? 0 : 1
  })
