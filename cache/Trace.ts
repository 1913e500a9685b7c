import { Context, DateTime, Effect, Either, Layer, Schema } from "effect"
import { Header } from "../artifacts/ArrowTable.ts"
import { Stored, StoredPart } from "../artifacts/Artifact.ts"
import type { Digest } from "../artifacts/Digest.ts"
import * as Text from "../artifacts/Text.ts"
import { Key, KeyText, ofText, Strings } from "./Key.ts"
import type { StoreFailed } from "./ObjectStore.ts"

export const ChunkCounts = Schema.Struct({ reused: Schema.Int, ran: Schema.Int })
export type ChunkCounts = typeof ChunkCounts.Type

/** What a key produced. Written last: whoever reads it may rely on the objects it names having been written. */
export const Trace = Schema.Struct({
  key: Key,
  text: KeyText,
  pipeline: Schema.String,
  node: Schema.String,
  outputs: Schema.Record({ key: Schema.String, value: Stored }),
  /** What people call the inputs, by input name: the node and output, or a source's label. */
  labels: Strings,
  seconds: Schema.Number,
  chunks: Schema.NullOr(ChunkCounts),
  /** What the stage says of its result to people, such as which classes it found. */
  told: Schema.optional(Schema.Array(Text.Text)),
  host: Schema.String,
  /** The version of Headrace that wrote it; missing in traces of 0.1. */
  by: Schema.optional(Schema.String),
  /** ISO 8601, UTC. */
  finished: Schema.String
})
export type Trace = typeof Trace.Type

/** What a chunk's key produced: the chunk of a row stage's only output. */
export const ChunkTrace = Schema.Struct({
  key: Key,
  stage: Schema.String,
  header: Schema.typeSchema(Header),
  part: StoredPart
})
export type ChunkTrace = typeof ChunkTrace.Type

const STATE = ".state"

/** The stage of the states of an iterating one, which are traces beside its own. */
export const stateStage = (stage: string): string => `${stage}${STATE}`

/** The stage whose states are traces of this one; null where those are of nodes. */
export const iteratingOf = (stage: string): string | null =>
  stage.endsWith(STATE) ? stage.slice(0, -STATE.length) : null

/** What a look-up finds. An unreadable trace is a miss that deserves a warning. */
export type Lookup<A> =
  | { readonly _tag: "Hit"; readonly trace: A }
  | { readonly _tag: "Absent" }
  | { readonly _tag: "Unreadable"; readonly what: string }
  /** It is not here, and another store that may have it does not answer: a clause that says which, and why. */
  | { readonly _tag: "Unknown"; readonly what: string }

export class TraceStore extends Context.Tag("headrace/TraceStore")<
  TraceStore,
  {
    readonly get: (stage: string, key: Key) => Effect.Effect<Lookup<Trace>>
    /** As `get`, at hand alone: a store that others share is not asked. */
    readonly getHere: (stage: string, key: Key) => Effect.Effect<Lookup<Trace>>
    /** What is found under several keys of a stage, in their order: where one look-up is a journey, all take little more. */
    readonly getMany: (stage: string, keys: ReadonlyArray<Key>) => Effect.Effect<ReadonlyArray<Lookup<Trace>>>
    readonly put: (trace: Trace) => Effect.Effect<void, StoreFailed>
    readonly remove: (stage: string, key: Key) => Effect.Effect<void, StoreFailed>
    /** Every readable trace of a stage, the newest first. */
    readonly ofStage: (stage: string) => Effect.Effect<ReadonlyArray<Trace>>
    /** Keys of the traces of a stage that are at hand, as far as their names tell. */
    readonly keysOf: (stage: string) => Effect.Effect<ReadonlySet<string>>
    /**
     * Those of a stage's keys that have a trace, as far as names tell, in their order. Those that come first are wanted most: behind
     * the first that is at hand, only those count that are as well.
     */
    readonly keysAmong: (stage: string, keys: ReadonlyArray<Key>) => Effect.Effect<ReadonlyArray<Key>>
    /** Names of the stages that have traces. */
    readonly stages: Effect.Effect<ReadonlyArray<string>>
    readonly getChunk: (stage: string, key: Key) => Effect.Effect<Lookup<ChunkTrace>>
    /** As `getMany` for chunks. */
    readonly getChunks: (stage: string, keys: ReadonlyArray<Key>) => Effect.Effect<ReadonlyArray<Lookup<ChunkTrace>>>
    readonly putChunk: (trace: ChunkTrace) => Effect.Effect<void, StoreFailed>
    /** What the stage printed while it made what the key has; empty where that was nothing, or is not known. */
    readonly printed: (stage: string, key: Key) => Effect.Effect<string>
    readonly putPrinted: (stage: string, key: Key, text: string) => Effect.Effect<void, StoreFailed>
  }
>() {}

/** Those that are dated in the future come last: a clock was ahead, and they must not be the newest until then. */
export const newestFirst = (traces: ReadonlyArray<Trace>): Effect.Effect<ReadonlyArray<Trace>> =>
  Effect.map(Effect.map(DateTime.now, DateTime.formatIso), (now) => {
    const isAhead = ({ finished }: Trace) => finished > now
    const sorted = [...traces].sort((a, b) => (a.finished < b.finished ? 1 : a.finished > b.finished ? -1 : 0))
    return [...sorted.filter((trace) => !isAhead(trace)), ...sorted.filter(isAhead)]
  })

/** Those of the keys that a store has which lists all of a stage at once. */
export const among =
  (keysOf: (typeof TraceStore.Service)["keysOf"]): (typeof TraceStore.Service)["keysAmong"] =>
  (stage, keys) =>
    Effect.map(keysOf(stage), (there) => keys.filter((key) => there.has(key)))

const absent = { _tag: "Absent" } as const

/** Traces that live and die with the process; the maps are shared, so that tests can delete from them. */
export const layerMemory = (
  traces: Map<Key, Trace> = new Map(),
  chunks: Map<Key, ChunkTrace> = new Map(),
  printed: Map<Key, string> = new Map()
): Layer.Layer<TraceStore> => {
  const look = <A>(map: Map<Key, A>, key: Key) =>
    Effect.sync((): Lookup<A> => {
      const trace = map.get(key)
      return trace === undefined ? absent : { _tag: "Hit", trace }
    })
  const keysOf = (stage: string) =>
    Effect.sync(() => new Set([...traces.values()].filter(({ text }) => text.stage === stage).map(({ key }) => key)))
  return Layer.succeed(TraceStore, {
    get: (_stage, key) => look(traces, key),
    getHere: (_stage, key) => look(traces, key),
    getMany: (_stage, keys) => Effect.forEach(keys, (key) => look(traces, key)),
    put: (trace) => Effect.sync(() => void traces.set(trace.key, trace)),
    remove: (_stage, key) => Effect.sync(() => void traces.delete(key)),
    ofStage: (stage) =>
      Effect.suspend(() => newestFirst([...traces.values()].filter((trace) => trace.text.stage === stage))),
    keysOf,
    keysAmong: among(keysOf),
    stages: Effect.sync(() => [...new Set([...traces.values()].map((trace) => trace.text.stage))].sort()),
    getChunk: (_stage, key) => look(chunks, key),
    getChunks: (_stage, keys) => Effect.forEach(keys, (key) => look(chunks, key)),
    putChunk: (trace) => Effect.sync(() => void chunks.set(trace.key, trace)),
    printed: (_stage, key) => Effect.sync(() => printed.get(key) ?? ""),
    putPrinted: (_stage, key, text) => Effect.sync(() => void printed.set(key, text))
  })
}

/**
 * The same traces, those of a stage listed once, as they are when first asked for: a sweep compares a thousand nodes with
 * what was there before it.
 */
export const listOnce: Effect.Effect<typeof TraceStore.Service, never, TraceStore> = Effect.gen(function* () {
  const traces = yield* TraceStore
  const ofStage = yield* Effect.cachedFunction(traces.ofStage)
  return { ...traces, ofStage }
})

/** Whether a trace is a key's: a text that gives another key than the trace says it has is no text of that key. */
export const isOf = (trace: Trace | ChunkTrace, key: Key): boolean =>
  trace.key === key && (!("text" in trace) || Either.getOrNull(ofText(trace.text)) === key)

/** The objects of all its outputs. */
export const objectsOf = ({ outputs }: Pick<Trace, "outputs">): ReadonlyArray<Digest> =>
  Object.values(outputs).flatMap(({ parts }) => parts.map(({ object }) => object))

/** Rows of all its tables, null where it has none, and bytes of all its outputs. */
export const totals = (trace: Trace) => {
  const stored = Object.values(trace.outputs)
  const tables = stored.flatMap(({ rows }) => rows ?? [])
  return {
    rows: tables.length === 0 ? null : tables.reduce((sum, rows) => sum + rows, 0),
    bytes: stored.reduce((sum, { bytes }) => sum + bytes, 0)
  }
}
