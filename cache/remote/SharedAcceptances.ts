import { Effect, Either, Schema } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import { type Acceptance, json } from "../Acceptance.ts"
import type { Key } from "../Key.ts"
import * as StoreListener from "../StoreListener.ts"
import type { BlobsFailed } from "./Blobs.ts"
import { SharedStore } from "./SharedStore.ts"
import type { Writer } from "./Signature.ts"
import type { Place } from "./SignedTrace.ts"

// Acceptances that somebody pushed. They lie beside the traces, signed as those are for one namespace, and hold as long as they lie there:
// nothing of them is kept on other machines, so that who takes one back takes it back everywhere.

/** So many are read side by side. */
const AT_ONCE = 16

const decode = Schema.decodeEither(json)

/** An acceptance of a shared store, and where it lies. */
export interface Shared {
  readonly acceptance: Acceptance
  readonly place: Place
}

/** An acceptance is called by its own digest, which is a key as any sha256 is. */
const keyOf = (text: string): Key => Digest.ofBytes(text) as string as Key

/** The acceptance that lies in a place; null where there is none that somebody trusted put there. */
const read = (place: Place) =>
  Effect.gen(function* () {
    const { trace, terms } = yield* SharedStore
    const answer = yield* trace(place)
    if (answer._tag !== "Found") return null
    const found = decode(answer.text)
    const isOfPlace = Either.isRight(found) && found.right.stage === place.stage && keyOf(answer.text) === place.key
    if (isOfPlace) return { acceptance: found.right, place }
    yield* StoreListener.tell(
      `What is accepted of ${place.stage} in the shared store ${terms.shown} is signed, and can't be read: another version of Headrace may have written it.`
    )
    return null
  })

/** Those that somebody trusted put there; null while the store does not answer. */
export const all: Effect.Effect<ReadonlyArray<Shared> | null, never, SharedStore> = Effect.gen(function* () {
  const places = yield* Effect.flatMap(SharedStore, ({ accepted }) => accepted)
  if (places === null) return null
  const found = yield* Effect.forEach(places, read, { concurrency: AT_ONCE })
  return found.filter((one) => one !== null)
})

/** Puts an acceptance there; false where it was. */
export const put = (acceptance: Acceptance, writer: Writer): Effect.Effect<boolean, BlobsFailed, SharedStore> =>
  Effect.gen(function* () {
    const { putTrace } = yield* SharedStore
    const text = yield* Effect.orDie(Schema.encode(json)(acceptance))
    return yield* putTrace({ kind: "acceptance", stage: acceptance.stage, key: keyOf(text) }, text, writer)
  })
