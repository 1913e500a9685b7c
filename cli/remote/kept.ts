import { Effect } from "effect"
import type { Key } from "../../cache/Key.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Plan from "../../engine/Plan.ts"
import type { Given, Known } from "../command/Command.ts"
import * as ParamOptions from "../command/param-options.ts"
import { Reporter } from "../terminal/Reporter.ts"

/** A node that has a result. */
export interface Kept {
  readonly node: string
  readonly stage: string
  readonly key: Key
}

/** Does something with each node of a pipeline's run that has a result, and tells how many those are. */
export const forKept = <S, E, R>(
  pipeline: Known<S>,
  { params }: Given,
  carry: (kept: Kept) => Effect.Effect<void, E, R>
) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const values = yield* ParamOptions.decode(pipeline, params)
    const { nodes } = yield* Plan.make(Pipeline.graph(pipeline, values))
    const kept = nodes.flatMap(({ node, stage, status, key }) =>
      status === "reuse" && key !== null ? [{ node, stage, key: key as Key }] : []
    )
    yield* Effect.forEach(kept, carry, { discard: true })
    const stored = nodes.filter(({ status }) => status !== "stream").length
    const have = `${kept.length} of ${stored} nodes of ${pipeline.name} ${kept.length === 1 ? "has" : "have"} a result`
    yield* reporter.print(kept.length === stored ? have : `${have}; pipeline run ${pipeline.name} computes the others`)
    yield* reporter.document({ schema: 1, pipeline: pipeline.name, status: "done", nodes: kept })
    return 0
  })
