import { Effect } from "effect"
import { recordNode } from "./NodeRecording.ts"
import type * as NodeWork from "./NodeWork.ts"
import type * as Pipeline from "./Pipeline.ts"
import * as Points from "./Points.ts"
import * as Run from "./Run.ts"
import { publish, RunEvent } from "./RunEvent.ts"
import type { Asked, RunRecord } from "./RunRecord.ts"

export interface Options extends Points.Options {
  /** Kept with the record. */
  readonly asked?: Asked
}

/**
 * Carries out a pipeline at several points, as one graph: what points share is computed once. A point that fails takes no
 * other with it. Leaves one record, also when it is interrupted; running again computes what is not there yet.
 */
export const run = <P extends Pipeline.AnyPipeline>(
  pipeline: P,
  points: ReadonlyArray<Points.Values>,
  options: Options
): Effect.Effect<RunRecord, never, NodeWork.Needs | Pipeline.PlanningNeedsOf<P>> =>
  Effect.gen(function* () {
    const begun = yield* Run.beginning
    const { varied, asked, jobs, parts = [] } = options
    const until = new Set(parts.flatMap((part) => [...(part.until ?? [])]))
    const all = Points.open(pipeline, points, options)
    const { graph, notices } = all.state
    const shared = Points.sharedOf(all)
    yield* publish(RunEvent.SweepStarted({ run: begun.run, pipeline: pipeline.name, points: points.length, shared }))
    const [first] = all.union.builds
    const opening = {
      params: Points.withoutVaried(first?.params ?? {}, varied),
      ...(until.size === 0 ? {} : { until: [...until] }),
      sweep: { varied, ...(asked === undefined ? {} : { asked }), points: [] }
    }
    return yield* Run.recorded(graph, begun, Points.work(all, jobs), opening, () => {
      const records = Points.records(all, varied)
      return {
        ...opening,
        isDone: records.every(({ status }) => status === "done"),
        nodes: graph.stages.map((entry) => recordNode(all.state, entry)),
        notices,
        results: {},
        sweep: { ...opening.sweep, points: records }
      }
    })
  })
