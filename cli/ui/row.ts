import { Effect } from "effect"
import * as Marks from "../../engine/Marks.ts"
import { firstErrorOf, kindOf, type RunRecord, trialsOf } from "../../engine/RunRecord.ts"
import type { RunRow } from "../../ui/Api.ts"
import { sentence } from "../command/option-text.ts"
import { documentsOf, valuesOf } from "../report/documents.ts"
import { metricsOf } from "../report/metrics.ts"
import { rankedPoints } from "../report/points.ts"
import { revisionText } from "../terminal/revision-text.ts"

/** Of a sweep of more points the best is not looked for: each has files of its own. */
const MOST_POINTS = 1000

/** What of a record stands for it: a run's own results, a tune's best trial, a sweep's best point. */
const bestOf = (record: RunRecord) =>
  Effect.gen(function* () {
    const { sweep, tune, params, results } = record
    if (sweep === undefined) return { params, metrics: metricsOf(valuesOf(yield* documentsOf(results))) }
    if (tune !== undefined) {
      const best = tune.best === null ? undefined : sweep.points[tune.best]
      const documents = best === undefined ? [] : yield* documentsOf(best.results)
      return { params: { ...params, ...best?.params }, metrics: metricsOf(valuesOf(documents)) }
    }
    const [best] = sweep.points.length > MOST_POINTS ? [] : yield* rankedPoints(record)
    return { params, metrics: [...(best?.metrics ?? [])].map(([name, value]) => ({ name, value })) }
  })

/** A record in a line; what people say of it is known elsewhere. */
export const rowOf = (record: RunRecord) =>
  Effect.gen(function* () {
    const { run, pipeline, status, started, seconds, nodes, sweep, tune, git } = record
    const { params, metrics } = yield* bestOf(record)
    const count = (wanted: string) => nodes.filter((node) => node.status === wanted).length
    const error = firstErrorOf(record)
    const row: RunRow = {
      run,
      pipeline,
      kind: kindOf(record),
      status,
      started,
      seconds,
      points: tune !== undefined ? trialsOf(tune) : (sweep?.points.length ?? null),
      params,
      metrics: Object.fromEntries(
        metrics.flatMap(({ name, value }) => (Number.isFinite(value) ? [[name, value]] : []))
      ),
      ran: count("ran"),
      reused: count("reused"),
      error: error === null ? null : sentence(error),
      revision: git === null ? null : revisionText(git),
      marks: Marks.NONE
    }
    return row
  })
