import { Effect } from "effect"
import type { Digest } from "../../artifacts/Digest.ts"
import type { Lying } from "../../cache/Contents.ts"
import { SourceFiles } from "../../cache/SourceFiles.ts"
import { type ChunkTrace, isOf, type Trace, TraceStore } from "../../cache/Trace.ts"
import { type Sorted, sortAll } from "./lying.ts"
import { othersOf } from "./others.ts"
import type { Unit } from "./Policy.ts"
import { type Read, resultsOf } from "./results.ts"
import type { Looking } from "./unit-of.ts"

/** All that lies in a store, as units that go or stay. */
export interface Inventory {
  readonly units: ReadonlyArray<Unit>
  /** Results that are gone already, of which a trace tells what they took. */
  readonly missing: ReadonlyArray<Unit>
  /** The keys of which each file is. */
  readonly keysOf: ReadonlyMap<string, ReadonlyArray<string>>
}

/** Hears how many files and traces were looked at since it last heard. */
export type OnLooked<R> = (count: number) => Effect.Effect<void, never, R>

const readAll = <R>({ traces: files }: Sorted, onLooked: OnLooked<R>) =>
  Effect.gen(function* () {
    const traces = yield* TraceStore
    const nodes: Array<Read<Trace>> = []
    const chunks: Array<Read<ChunkTrace>> = []
    const unreadable: Array<Lying> = []
    for (const { stage, key, lying, isChunk } of files) {
      yield* onLooked(1)
      const found = isChunk ? yield* traces.getChunk(stage, key) : yield* traces.get(stage, key)
      if (found._tag === "Absent") continue
      if (found._tag !== "Hit" || !isOf(found.trace, key)) unreadable.push(lying)
      else if ("text" in found.trace) nodes.push({ trace: found.trace, lying })
      else chunks.push({ trace: found.trace, lying })
    }
    return { nodes, chunks, unreadable }
  })

/** Where sources lie, by what this machine remembers of digests; null where it does not remember all. */
const placesOf = (sources: ReadonlySet<string>) =>
  Effect.gen(function* () {
    const { find } = yield* SourceFiles
    const found = yield* Effect.forEach(sources, (digest) => find(digest as Digest))
    return found.includes(null) ? null : found.flatMap((files) => (files === null ? [] : [files.path]))
  })

/** Looks at everything, and reads the traces. */
export const take = <R>(looking: Looking, onLooked: OnLooked<R>): Effect.Effect<Inventory, never, TraceStore | R> =>
  Effect.gen(function* () {
    const sorted = yield* sortAll(looking.home, onLooked)
    const { nodes, chunks, unreadable } = yield* readAll(sorted, onLooked)
    const { units, missing, keysOf, named, sources } = resultsOf(looking, sorted, nodes, chunks)
    const places = yield* placesOf(sources)
    return {
      units: [...units, ...othersOf(looking, sorted, { named, sources, places, unreadable })],
      missing,
      keysOf
    }
  })
