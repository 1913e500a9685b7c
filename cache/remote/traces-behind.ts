import { Effect, Either, Layer } from "effect"
import type * as Key from "../Key.ts"
import * as StoreListener from "../StoreListener.ts"
import { type ChunkTrace, isOf, type Lookup, objectsOf, type Trace, TraceStore } from "../Trace.ts"
import { type Format, ofChunk, whole } from "../TraceFormat.ts"
import { SharedStore } from "./SharedStore.ts"
import { type Upload, Uploads } from "./Uploads.ts"

/** So many keys are asked for side by side. */
const AT_ONCE = 16
/** Of the keys that are wanted so many of the first are looked at: one may turn out to be none. */
const MOST_AMONG = 2

const ABSENT = { _tag: "Absent" } as const

/** Traces or those of chunks: how they are found and kept here, and read from a text. */
interface Kind<A> {
  readonly kind: Upload["kind"]
  readonly format: Format<A>
  readonly here: (stage: string, keys: ReadonlyArray<Key.Key>) => Effect.Effect<ReadonlyArray<Lookup<A>>>
  readonly keep: (trace: A) => Effect.Effect<unknown, unknown>
}

/**
 * The traces of this machine's store, with a shared one behind it: a key that this machine lacks is asked for there, and what is
 * found is kept here. What is computed here is put here, and noted for uploading where somebody signs; what is removed here is noted
 * to be removed there.
 */
export const layer: Layer.Layer<TraceStore, never, TraceStore | SharedStore | Uploads> = Layer.effect(
  TraceStore,
  Effect.gen(function* () {
    const local = yield* TraceStore
    const shared = yield* SharedStore
    const uploads = yield* Uploads
    const say = StoreListener.once(StoreListener.tell)

    /** What the shared store has of a key that this machine lacks. */
    const elsewhere = <A extends Trace | ChunkTrace>(
      { kind, format: { decode }, keep }: Kind<A>,
      stage: string,
      key: Key.Key,
      found: Lookup<A>
    ): Effect.Effect<Lookup<A>> =>
      Effect.gen(function* () {
        const address = { kind, stage, key }
        const answer = yield* shared.trace(address)
        if (answer._tag === "Silent" && found._tag === "Absent") return { _tag: "Unknown", what: answer.what }
        if (answer._tag !== "Found") return found
        const decoded = decode(answer.text)
        if (Either.isLeft(decoded) || !isOf(decoded.right, address.key)) {
          yield* say(
            address.stage,
            `A result of ${address.stage} in the shared store ${shared.terms.shown} is signed, and is none: another version of Headrace may have written it.`
          )
          return found
        }
        // what cannot be kept is found again the next time
        yield* Effect.ignore(keep(decoded.right))
        return { _tag: "Hit", trace: decoded.right }
      })

    const get =
      <A extends Trace | ChunkTrace>(kind: Kind<A>) =>
      (stage: string, key: Key.Key) =>
        Effect.flatMap(kind.here(stage, [key]), ([found = ABSENT]) =>
          found._tag === "Hit" ? Effect.succeed(found) : elsewhere(kind, stage, key, found)
        )

    const getMany =
      <A extends Trace | ChunkTrace>(kind: Kind<A>) =>
      (stage: string, keys: ReadonlyArray<Key.Key>) =>
        Effect.gen(function* () {
          const here = yield* kind.here(stage, keys)
          const lacking = here.filter(({ _tag }) => _tag !== "Hit").length
          // a few are asked for at once, which takes no longer than a listing, unless there is one: as for the last of many
          const listed = yield* (lacking > AT_ONCE ? shared.listed : shared.listedBefore)(kind.kind, stage)
          return yield* Effect.forEach(
            keys,
            (key, at) => {
              const found = here[at] ?? ABSENT
              const isAsked = found._tag !== "Hit" && (listed === null || listed.has(key))
              return isAsked ? elsewhere(kind, stage, key, found) : Effect.succeed(found)
            },
            { concurrency: lacking === 0 ? 1 : AT_ONCE }
          )
        })

    const ofTraces: Kind<Trace> = { kind: "trace", format: whole, here: local.getMany, keep: local.put }
    const ofChunks: Kind<ChunkTrace> = { kind: "chunk", format: ofChunk, here: local.getChunks, keep: local.putChunk }
    const at = (kind: Upload["kind"], stage: string, key: Key.Key): Upload => ({ kind, stage, key })

    /** The first of the keys that the shared store has. */
    const there = (stage: string, keys: ReadonlyArray<Key.Key>) =>
      Effect.gen(function* () {
        const listed = keys.length === 0 ? new Set<string>() : yield* shared.listed("trace", stage)
        if (listed !== null) return keys.filter((key) => listed.has(key)).slice(0, MOST_AMONG)
        // too many to list: the first that is found is kept here, and the rest are not looked for
        for (const key of keys) if ((yield* get(ofTraces)(stage, key))._tag === "Hit") return [key]
        return []
      })

    return {
      ...local,
      get: get(ofTraces),
      getMany: getMany(ofTraces),
      getChunk: get(ofChunks),
      getChunks: getMany(ofChunks),
      keysAmong: (stage, keys) =>
        Effect.gen(function* () {
          const here = yield* local.keysAmong(stage, keys)
          const first = here[0] === undefined ? keys.length : keys.indexOf(here[0])
          return [...(yield* there(stage, keys.slice(0, first))), ...here]
        }),
      put: (trace) => Effect.zipRight(local.put(trace), uploads.note(at("trace", trace.text.stage, trace.key))),
      putChunk: (trace) => Effect.zipRight(local.putChunk(trace), uploads.note(at("chunk", trace.stage, trace.key))),
      remove: (stage, key) =>
        Effect.gen(function* () {
          const found = yield* local.getHere(stage, key)
          yield* local.remove(stage, key)
          yield* uploads.drop(at("trace", stage, key), found._tag === "Hit" ? objectsOf(found.trace) : [])
        })
    }
  })
)
