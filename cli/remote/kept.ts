import { Effect } from "effect"
import type { Files } from "../../artifacts/Files.ts"
import type { Key } from "../../cache/Key.ts"
import { sourcesIn } from "../../cache/remote/share.ts"
import type * as Decide from "../../engine/Decide.ts"
import type * as Graph from "../../engine/Graph.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Plan from "../../engine/Plan.ts"
import type { Given, Known } from "../command/Command.ts"
import * as ParamOptions from "../command/param-options.ts"

/** A node that has a result. */
export interface Kept {
  readonly node: string
  readonly stage: string
  readonly key: Key
}

/** The nodes of a pipeline's run that have a result. */
export interface KeptNodes {
  readonly nodes: ReadonlyArray<Kept>
  /** What they and the others are made of that comes from outside. */
  readonly sources: ReadonlyArray<Files>
  /** How many of all those are, for people. */
  readonly have: string
}

/** Does something with each node of a pipeline's run that has a result. */
export const forKept = <S, E, R>(
  pipeline: Known<S>,
  { params }: Given,
  carry: (entry: Graph.StageEntry, decision: Decide.Decision) => Effect.Effect<void, E, R>
) =>
  Effect.gen(function* () {
    const values = yield* ParamOptions.decode(pipeline, params)
    const { entries, sources } = yield* Plan.entries(Pipeline.graph(pipeline, values))
    const kept: Array<Kept> = []
    for (const { entry, decision, planned } of entries) {
      if (planned.status !== "reuse" || decision === null) continue
      yield* carry(entry, decision)
      kept.push({ node: entry.name, stage: decision.text.stage, key: decision.key })
    }
    const stored = entries.filter(({ planned }) => planned.status !== "stream").length
    const have = `${kept.length} of ${stored} nodes of ${pipeline.name} ${kept.length === 1 ? "has" : "have"} a result`
    return {
      nodes: kept,
      sources: sourcesIn(Object.values(sources).flatMap((outputs) => Object.values(outputs))),
      have: kept.length === stored ? have : `${have}; pipeline run ${pipeline.name} computes the others`
    } satisfies KeptNodes
  })
