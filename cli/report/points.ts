import { Effect } from "effect"
import type { AnyPipeline } from "../../engine/Pipeline.ts"
import type { RunRecord } from "../../engine/RunRecord.ts"
import * as Views from "../../project/Views.ts"
import { commandOf } from "../command/command-text.ts"
import { valueText } from "../command/option-text.ts"
import { numberText, wordsOf } from "../terminal/numbers.ts"
import { differingParams, tellingMetrics } from "./differing.ts"
import { documentsOf, fitsOf, valuesOf } from "./documents.ts"
import { metricsOf } from "./metrics.ts"
import type { Fit, Points } from "./Report.ts"
import { type Row, rowsOf } from "./record-rows.ts"

/** A point of a sweep with its numbers. */
interface Point extends Row {
  readonly metrics: ReadonlyMap<string, number>
  readonly fits: ReadonlyArray<Fit>
}

/** The points of a sweep, the best validation accuracy first, those without one last; none for a run that is no sweep. */
export const rankedPoints = (record: RunRecord) =>
  Effect.gen(function* () {
    if (record.sweep === undefined) return []
    const views = yield* Views.Current
    const rows = yield* Effect.forEach(rowsOf(record), (row) =>
      Effect.map(
        documentsOf(row.results),
        (documents): Point => ({
          ...row,
          fits: fitsOf(views, documents),
          metrics: new Map(metricsOf(valuesOf(documents)).map(({ name, value }) => [name, value]))
        })
      )
    )
    const rank = ({ metrics }: Point) => metrics.get("validationAccuracy") ?? -1
    // a stable sort: equal ones stay in their order
    return [...rows].sort((a, b) => rank(b) - rank(a))
  })

/** The points as a table; null where there are none. */
export const pointsOf = (pipeline: AnyPipeline | undefined, points: ReadonlyArray<Point>): Points | null => {
  if (points.length === 0) return null
  const params = differingParams(points)
  const metrics = tellingMetrics(points)
  return {
    columns: ["point", ...params, ...metrics.map(wordsOf)],
    rows: points.map((row) => ({
      status: row.status,
      command: (pipeline === undefined ? null : commandOf(pipeline, row.params)) ?? "",
      cells: [
        Number(row.id.replace(/^.*#/, "")),
        ...params.map((name) => valueText(row.params[name])),
        ...metrics.map((name) => {
          const value = row.metrics.get(name)
          return value === undefined ? null : numberText(name, value)
        })
      ]
    }))
  }
}
