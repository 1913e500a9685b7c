import { Effect, Predicate, Stream } from "effect"
import * as BoundedJson from "../../artifacts/BoundedJson.ts"
import * as Digest from "../../artifacts/Digest.ts"
import { BlobsFailed, type Unfinished } from "./Blobs.ts"
import type { SharedObject, SharedTrace } from "./Listing.ts"
import { SharedStore } from "./SharedStore.ts"

// What of a shared store is older than anybody wants: traces by their age, and objects that no trace names any more. Nobody's result is
// wrong by it: who lacks something computes it.

/** What others are about to name is there before its trace. */
const DAY_MILLIS = 24 * 3_600_000
/** So many traces are read, or things removed, side by side. */
const AT_ONCE = 16
/** A folder is known by a list of its files, of at most so many bytes. */
const MOST_LIST_BYTES = 64 * 1024 * 1024

const DIGEST = /[0-9a-f]{64}/g
const digestsIn = (bytes: Uint8Array): ReadonlyArray<string> =>
  Buffer.from(bytes).toString("latin1").match(DIGEST) ?? []

/** What is old, as listed. */
export interface Expired {
  readonly traces: ReadonlyArray<SharedTrace>
  readonly objects: ReadonlyArray<SharedObject>
  /** What writers that are gone left half-written. */
  readonly unfinished: Unfinished
}

const sizeOf = (all: ReadonlyArray<{ readonly bytes: number }>): number =>
  all.reduce((sum, { bytes }) => sum + bytes, 0)
/** Bytes of all of it. */
export const bytesOf = ({ traces, objects, unfinished }: Expired): number =>
  sizeOf(traces) + sizeOf(objects) + unfinished.bytes

/** The contents that a trace says its result was made of: sources among them, which travel as objects. Damaged ones say none. */
const inputsIn = (sealed: Uint8Array): ReadonlyArray<string> => {
  try {
    const { trace } = BoundedJson.parse(Buffer.from(sealed).toString("utf8")) as { readonly trace: string }
    const found = BoundedJson.parse(trace)
    const text = Predicate.isRecord(found) ? found.text : null
    return Predicate.isRecord(text) ? (JSON.stringify(text.inputs).match(DIGEST) ?? []) : []
  } catch {
    return []
  }
}

const all = <A, E>(stream: Stream.Stream<A, E>) => Effect.map(Stream.runCollect(stream), (found) => [...found])

/** What traces name, whoever signed them: whatever looks like a digest in them, and what the lists of folders have that they are made of. */
const namedBy = (traces: ReadonlyArray<SharedTrace>, sizes: ReadonlyMap<string, number>) =>
  Effect.gen(function* () {
    const store = yield* SharedStore
    const named = new Set<string>()
    const lists = new Set<string>()
    yield* Effect.forEach(
      traces,
      ({ place }) =>
        Effect.map(store.unopened(place), (sealed) => {
          for (const digest of sealed === null ? [] : digestsIn(sealed)) named.add(digest)
          for (const input of sealed === null ? [] : inputsIn(sealed))
            if ((sizes.get(input) ?? Number.POSITIVE_INFINITY) <= MOST_LIST_BYTES) lists.add(input)
        }),
      { concurrency: AT_ONCE, discard: true }
    )
    yield* Effect.forEach(
      lists,
      (list) =>
        Effect.gen(function* () {
          const bytes = yield* store.object(list as Digest.Digest)
          // what it lists can't be told, so that nothing may go
          if (bytes === null)
            return yield* new BlobsFailed({
              cause: "wrong",
              message: `lists object ${Digest.short(list)}, and does not give it`
            })
          if (bytes[0] === "[".charCodeAt(0)) for (const digest of digestsIn(bytes)) named.add(digest)
        }),
      { concurrency: AT_ONCE, discard: true }
    )
    return named
  })

/**
 * What expired: traces of the namespace that is written to which are older than `age`, and objects that none of the others names, of
 * any namespace. Nothing of the last day is among them. Ages are told by the store's clock.
 */
export const expired = (age: number): Effect.Effect<Expired, BlobsFailed, SharedStore> =>
  Effect.gen(function* () {
    const store = yield* SharedStore
    const [own] = store.terms.namespaces
    const now = yield* store.now
    const before = now - Math.max(age, DAY_MILLIS)
    const objects = yield* all(store.objects)
    const traces = yield* all(store.traces)
    const isOld = ({ place: { namespace }, modified }: SharedTrace) => namespace === own && modified < before
    const sizes = new Map(objects.map(({ object, bytes }) => [object as string, bytes]))
    const named = yield* namedBy(
      traces.filter((trace) => !isOld(trace)),
      sizes
    )
    return {
      traces: traces.filter(isOld),
      objects: objects.filter(({ object, modified }) => modified < now - DAY_MILLIS && !named.has(object)),
      unfinished: yield* store.tidy(true)
    }
  })

/**
 * Removes what expired: the traces first, so that none of them is found without its objects. Before objects go, traces that were
 * put meanwhile are read as well; what is put later finds its objects gone, and whoever misses them computes them. What went.
 */
export const remove = (age: number): Effect.Effect<Expired, BlobsFailed, SharedStore> =>
  Effect.gen(function* () {
    const store = yield* SharedStore
    const first = yield* expired(age)
    yield* Effect.forEach(first.traces, ({ place }) => store.removeTrace(place), {
      concurrency: AT_ONCE,
      discard: true
    })
    const second = yield* expired(age)
    yield* Effect.forEach(second.objects, ({ object }) => store.dropObject(object), {
      concurrency: AT_ONCE,
      discard: true
    })
    return { traces: first.traces, objects: second.objects, unfinished: yield* store.tidy(false) }
  })
