import { Effect } from "effect"
import { TraceStore } from "../../cache/Trace.ts"
import type { NodeRecord } from "../../engine/RunRecord.ts"

export interface KeptNode extends NodeRecord {
  /** Whether its result is kept, as far as its trace tells; null for a node that leaves none. */
  readonly isKept: boolean | null
}

/** The nodes of runs, each with whether its result is kept. A stage's traces are listed once, and none of them is read. */
export const keptNodes = Effect.gen(function* () {
  const traces = yield* TraceStore
  const keys = new Map<string, ReadonlySet<string>>()
  const keysOf = (stage: string) =>
    Effect.gen(function* () {
      const found = keys.get(stage) ?? (yield* traces.keysOf(stage))
      keys.set(stage, found)
      return found
    })
  const isKept = ({ stage, key, status, reason }: NodeRecord): Effect.Effect<boolean | null> => {
    if (key !== null) return Effect.map(keysOf(stage), (kept) => kept.has(key))
    // a streamed node leaves nothing, and of one that was not asked for nothing is known; one that was skipped would have
    return Effect.succeed(status === "streamed" || reason === null ? null : false)
  }
  return (nodes: ReadonlyArray<NodeRecord>): Effect.Effect<ReadonlyArray<KeptNode>> =>
    Effect.forEach(nodes, (node) => Effect.map(isKept(node), (kept) => ({ ...node, isKept: kept })))
})

export interface KeptCount {
  readonly kept: number
  readonly nodes: number
  readonly bytes: number
}

export const countKept = (nodes: ReadonlyArray<KeptNode>): KeptCount => {
  // nodes with equal keys share a result
  const stored = nodes.filter(({ isKept }) => isKept !== null)
  const kept = stored.filter(({ isKept }) => isKept === true)
  const bytes = [...new Map(kept.map((node) => [node.key, node.bytes ?? 0])).values()]
  return { kept: kept.length, nodes: stored.length, bytes: bytes.reduce((sum, each) => sum + each, 0) }
}
