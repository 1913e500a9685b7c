import { Effect } from "effect"
import type * as Pipeline from "../../engine/Pipeline.ts"
import type { RunRecord } from "../../engine/RunRecord.ts"
import { formatCounted, formatSeconds } from "../../kinds/format.ts"
import { commandOf } from "../command/command-text.ts"
import { sentence, toldOf } from "../command/option-text.ts"
import { isQuality } from "../report/metrics.ts"
import { reportRun } from "../report/report-writer.ts"
import { aboutRecord, countOf } from "../run/record-text.ts"
import { numberText, wordsOf } from "../terminal/numbers.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { shortPath } from "../terminal/short-path.ts"
import { sizeText } from "../terminal/size-text.ts"
import type { Tried } from "./tune-table.ts"

/** The best trial as a person repeats it. */
const bestOf = (pipeline: Pipeline.AnyPipeline, { params, sweep, tune }: RunRecord) => {
  const at = tune?.best ?? null
  const point = at === null ? undefined : sweep?.points[at]
  const trial = at === null ? undefined : tune?.trials[at]
  return point === undefined || trial === undefined
    ? null
    : { ...trial, params: point.params, command: commandOf(pipeline, { ...params, ...point.params }) }
}

const toJson = (
  pipeline: Pipeline.AnyPipeline,
  record: RunRecord,
  tried: ReadonlyMap<number, Tried>,
  report: string | null
) => {
  const count = countOf(record)
  const points = record.sweep?.points ?? []
  const best = bestOf(pipeline, record)
  return {
    ...aboutRecord(record),
    goal: record.tune?.goal ?? null,
    steps: record.tune?.steps ?? null,
    rungs: record.tune?.rungs ?? [],
    trials: (record.tune?.trials ?? []).map(({ trial, steps, score, seconds }, at) => ({
      trial,
      steps,
      params: points[at]?.params ?? {},
      status: points[at]?.status ?? null,
      score,
      seconds,
      error: points[at]?.error == null ? null : toldOf(points[at].error)
    })),
    best:
      best === null
        ? null
        : { ...best, metrics: Object.fromEntries(tried.get(record.tune?.best ?? -1)?.metrics ?? []) },
    nodes: { ran: count("ran"), reused: count("reused"), failed: count("failed") },
    report,
    ...(record.error === null ? {} : { error: toldOf(record.error) })
  }
}

/** The best trial in a line, what it was chosen by first. */
const bestText = (
  { trial, score }: { readonly trial: number; readonly score: number | null },
  metric: string,
  tried: Tried | undefined
) => {
  const others = [...(tried?.metrics ?? [])].filter(([name]) => name !== metric && isQuality(name))
  const numbers = [...(score === null ? [] : [[metric, score] as const]), ...others]
  return `best: trial ${trial + 1}, ${numbers.map(([name, value]) => `${wordsOf(name)} ${numberText(name, value)}`).join(", ")}`
}

/** Told when a tune is over, also when it is interrupted. */
export const tell = (
  pipeline: Pipeline.AnyPipeline,
  record: RunRecord,
  { table, tried }: { readonly table: () => string; readonly tried: ReadonlyMap<number, Tried> }
) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const report = yield* reportRun({ pipelines: [pipeline] }, record)
    if (reporter.json) return yield* reporter.document(toJson(pipeline, record, tried, report))
    if (tried.size > 0) yield* reporter.print(table())
    const best = bestOf(pipeline, record)
    if (best !== null && record.tune !== undefined) {
      yield* reporter.print(bestText(best, record.tune.goal.metric, tried.get(record.tune.best ?? -1)))
      if (best.command !== null) yield* reporter.print(`again: ${best.command}`)
    }
    if (report !== null) yield* reporter.print(`report: ${shortPath(report)}`)
    const count = countOf(record)
    const size = sizeText(record)
    const failed = (record.sweep?.points ?? []).filter(({ status }) => status === "failed").length
    const did = [
      ...(size === null ? [] : [size]),
      ...(failed === 0 ? [] : [`${failed} failed`]),
      `${formatCounted(count("ran"), "node")} ran, ${count("reused")} cached`,
      ...(record.status === "interrupted" ? ["run it again to go on"] : [])
    ].join("; ")
    yield* reporter.print(
      `tune of ${record.pipeline} ${record.run} ${record.status} in ${formatSeconds(record.seconds)}: ${did}`
    )
    if (record.error !== null) yield* reporter.note(`error: ${sentence(record.error)}`)
  })
