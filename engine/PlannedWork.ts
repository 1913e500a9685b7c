import { Effect } from "effect"
import type { Stored, StoredPart } from "../artifacts/Artifact.ts"
import type { Digest } from "../artifacts/Digest.ts"
import { ObjectStore, type StoreFailed } from "../cache/ObjectStore.ts"
import * as Reason from "../cache/Reason.ts"
import { type ChunkCounts, type ChunkTrace, type Lookup, TraceStore } from "../cache/Trace.ts"
import type * as Decide from "./Decide.ts"
import type * as Graph from "./Graph.ts"
import * as NodeKey from "./NodeKey.ts"
import * as RowStream from "./RowStream.ts"

// What a planned node would find, compute and open, and whether the bytes that somebody needs are there.

/** A node, and those that are to run before its key is known. */
interface Asked {
  readonly entry: Graph.StageEntry
  readonly waiting: ReadonlyArray<string>
}

/** What computing a node takes. */
export interface Work {
  /** How many chunks it finds and computes; null where it has none, or that is not known. */
  readonly chunks: ChunkCounts | null
  /** The objects of its inputs that it certainly opens. */
  readonly opened: ReadonlySet<Digest>
  /** The nodes whose yield decides which others it opens. */
  readonly deciding: ReadonlyArray<string>
}

export const objectsOf = (artifacts: ReadonlyArray<Stored>): ReadonlySet<Digest> =>
  new Set(artifacts.flatMap(({ parts }) => parts.map(({ object }) => object)))

/** So many objects are read side by side: they may lie far away. */
const READING = 8

/** Null where the object is whole; reads and hashes it. One that cannot be read is no damage: nothing is known of it. */
const damageOf = (object: Digest): Effect.Effect<"missing" | "corrupt" | null, StoreFailed, ObjectStore> =>
  Effect.flatMap(ObjectStore, (store) =>
    store.check(object).pipe(
      Effect.as(null),
      Effect.catchTags({
        ObjectMissing: () => Effect.succeed("missing" as const),
        ObjectCorrupt: () => Effect.succeed("corrupt" as const)
      })
    )
  )

export const workOf = (
  { entry, waiting }: Asked,
  decision: Decide.Decision,
  isAgain: boolean
): Effect.Effect<Work, NodeKey.KeyFailure | StoreFailed, TraceStore | ObjectStore> =>
  Effect.gen(function* () {
    const opened = objectsOf(NodeKey.needs(decision.inputs))
    if (entry.node.definition.keep !== "stored") return { chunks: null, opened, deciding: [] }
    // all of its chunks may turn out to be kept
    if (waiting.length > 0)
      return isAgain ? { chunks: null, opened, deciding: [] } : { chunks: null, opened: new Set(), deciding: waiting }
    const traces = yield* TraceStore
    const base = RowStream.baseOf(entry.node, decision.inputs)
    const all = base.stored.parts
    const keys = yield* RowStream.chunkKeys(entry.node, decision.text, isAgain ? [] : all)
    const found = yield* traces.getChunks(decision.text.stage, keys)
    const serves = (lookup: Lookup<ChunkTrace>) =>
      lookup._tag === "Hit"
        ? Effect.map(damageOf(lookup.trace.part.object), (damage) => damage === null)
        : Effect.succeed(false)
    const serving = yield* Effect.forEach(found, serves, { concurrency: READING })
    const kept = new Set(all.filter((_, at) => serving[at] === true).map(({ object }) => object))
    const ran = all.filter(({ object }) => !kept.has(object)).length
    return {
      chunks: { reused: all.length - ran, ran },
      // a node that finds every chunk opens nothing, not even its other inputs
      opened: ran === 0 ? new Set<Digest>() : new Set([...opened].filter((object) => !kept.has(object))),
      deciding: []
    }
  })

/** Stored artifacts that somebody needs, and which of their objects are opened; the rest must only be there. */
export type Wanted = Map<Stored, ReadonlySet<Digest>>

export const want = (wanted: Wanted, artifacts: ReadonlyArray<Stored>, opened: ReadonlySet<Digest>): void => {
  for (const stored of artifacts) wanted.set(stored, new Set([...(wanted.get(stored) ?? []), ...opened]))
}

/** The first object of the outputs that is not as it is wanted. */
export const firstLost = (
  outputs: Readonly<Record<string, Stored>>,
  wanted: Wanted
): Effect.Effect<Reason.Reason | null, StoreFailed, ObjectStore> =>
  Effect.gen(function* () {
    const store = yield* ObjectStore
    const missing = ({ object, bytes }: StoredPart) =>
      Effect.map(store.has(object, bytes), (there) => (there ? null : ("missing" as const)))
    for (const [output, stored] of Object.entries(outputs)) {
      const opened = wanted.get(stored)
      if (opened === undefined) continue
      const losses = yield* Effect.forEach(
        stored.parts,
        (part) =>
          Effect.map(opened.has(part.object) ? damageOf(part.object) : missing(part), (what) =>
            what === null ? null : Reason.ObjectLost.make({ output, object: part.object, what })
          ),
        { concurrency: READING }
      )
      const lost = losses.find((loss) => loss !== null)
      if (lost !== undefined) return lost
    }
    return null
  })
