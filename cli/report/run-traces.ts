import { Effect } from "effect"
import { type Trace, TraceStore } from "../../cache/Trace.ts"
import type { NodeRecord } from "../../engine/RunRecord.ts"

/** What the nodes' keys produced, by node, as far as the traces are kept. */
export const tracesOf = (
  nodes: ReadonlyArray<NodeRecord>
): Effect.Effect<ReadonlyMap<string, Trace>, never, TraceStore> =>
  Effect.gen(function* () {
    const traces = yield* TraceStore
    const found = yield* Effect.forEach(
      nodes,
      ({ node, stage, key }) =>
        key === null
          ? Effect.succeed([])
          : Effect.map(traces.get(stage, key as Trace["key"]), (look) =>
              look._tag === "Hit" ? [[node, look.trace] as const] : []
            ),
      { concurrency: 16 }
    )
    return new Map(found.flat())
  })
