import { Effect, Either, Layer } from "effect"
import * as Key from "../Key.ts"
import { type ChunkTrace, type Lookup, type Trace, TraceStore } from "../Trace.ts"
import { type Format, ofChunk, whole } from "../TraceFormat.ts"
import { type Address, SharedStore, SharedStoreListener, saying } from "./SharedStore.ts"
import { Uploads } from "./Uploads.ts"

/** A text that gives another key than the trace says it has is no text of that key. */
const isOf = (trace: Trace | ChunkTrace, key: Key.Key): boolean =>
  trace.key === key && (!("text" in trace) || Either.getOrNull(Key.ofText(trace.text)) === key)

/**
 * The traces of this machine's store, with a shared one behind it: a key that this machine lacks is asked for there, and what is
 * found is kept here. What is computed here is put here, and noted for uploading where somebody signs.
 */
export const layer: Layer.Layer<TraceStore, never, TraceStore | SharedStore | Uploads> = Layer.effect(
  TraceStore,
  Effect.gen(function* () {
    const local = yield* TraceStore
    const shared = yield* SharedStore
    const uploads = yield* Uploads
    const say = saying(yield* SharedStoreListener)

    const behind = <A extends Trace | ChunkTrace>(
      here: Effect.Effect<Lookup<A>>,
      address: Address,
      { decode }: Format<A>,
      keep: (trace: A) => Effect.Effect<unknown, unknown>
    ): Effect.Effect<Lookup<A>> =>
      Effect.gen(function* () {
        const found = yield* here
        if (found._tag === "Hit") return found
        const text = yield* shared.trace(address)
        if (text === null) return found
        const decoded = decode(text)
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

    const at = (kind: Address["kind"], stage: string, key: Key.Key): Address => ({ kind, stage, key })
    return {
      ...local,
      get: (stage, key) => behind(local.get(stage, key), at("trace", stage, key), whole, local.put),
      getChunk: (stage, key) => behind(local.getChunk(stage, key), at("chunk", stage, key), ofChunk, local.putChunk),
      put: (trace) => Effect.zipRight(local.put(trace), uploads.note(at("trace", trace.text.stage, trace.key))),
      putChunk: (trace) => Effect.zipRight(local.putChunk(trace), uploads.note(at("chunk", trace.stage, trace.key)))
    }
  })
)
