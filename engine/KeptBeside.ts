import { Effect } from "effect"
import type { NotEncodable } from "../artifacts/CanonicalJson.ts"
import type { Key } from "../cache/Key.ts"
import { TraceStore } from "../cache/Trace.ts"
import * as Checkpoints from "./Checkpoints.ts"
import type * as Decide from "./Decide.ts"
import type * as Graph from "./Graph.ts"
import * as RowStream from "./RowStream.ts"

/** What a store has beside the result of a node, which saves work when another is made: a longer table, more steps. */
export interface KeptBeside {
  /** The keys of chunks of its table that have a trace. */
  readonly chunks: ReadonlyArray<Key>
  /** The newest state of its steps; null where it has none. */
  readonly state: Checkpoints.Kept["trace"] | null
}

/** What is kept beside the result of a node. */
export const of = (
  { node }: Graph.StageEntry,
  { text, inputs }: Decide.Keyed
): Effect.Effect<KeptBeside, NotEncodable, TraceStore> =>
  Effect.gen(function* () {
    const { keep, iterates, name } = node.definition
    const keys =
      keep === "stored" ? yield* RowStream.chunkKeys(node, text, RowStream.baseOf(node, inputs).stored.parts) : []
    const found = yield* Effect.flatMap(TraceStore, (traces) => traces.getChunks(name, keys))
    const [newest] =
      iterates === null ? [] : yield* Checkpoints.kept(text, iterates, node.params[iterates.steps] as number)
    return { chunks: keys.filter((_, at) => found[at]?._tag === "Hit"), state: newest?.trace ?? null }
  })
