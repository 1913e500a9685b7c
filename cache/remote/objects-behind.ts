import { Deferred, Effect, FiberId, Layer } from "effect"
import type * as Digest from "../../artifacts/Digest.ts"
import * as Explained from "../../artifacts/Explained.ts"
import type { Verified } from "../../artifacts/Verified.ts"
import { type ObjectCorrupt, type ObjectMissing, ObjectStore, type StoreFailed } from "../ObjectStore.ts"
import * as StoreListener from "../StoreListener.ts"
import { SharedStore } from "./SharedStore.ts"
import { Uploads } from "./Uploads.ts"

/** So many objects are fetched and kept at a time: memory holds no more of them, whoever reads them. */
const AT_ONCE = 8

/** An object that is fetched: there for whoever asked first, and later on the disk for everybody, or why it is not. */
interface Fetching {
  readonly bytes: Deferred.Deferred<Verified | null>
  readonly isKept: Deferred.Deferred<void, StoreFailed>
}

/**
 * The objects of this machine's store, with a shared one behind it: what this machine lacks is fetched when somebody reads it, kept,
 * and read from here after that. Whoever reads does not wait for the keeping, which takes as long as the way from the server does; the
 * end of the layer waits for it. What is put stays here; it is uploaded with the trace that names it. What is removed here is noted to be
 * removed there.
 */
export const layer: Layer.Layer<ObjectStore, never, ObjectStore | SharedStore | Uploads> = Layer.scoped(
  ObjectStore,
  Effect.gen(function* () {
    const local = yield* ObjectStore
    const shared = yield* SharedStore
    const uploads = yield* Uploads
    const turns = yield* Effect.makeSemaphore(AT_ONCE)
    yield* Effect.addFinalizer(() => turns.take(AT_ONCE))
    const underWay = new Map<Digest.Digest, Fetching>()

    /** Goes on to its end, also where nobody waits for it any more. */
    const begin = (object: Digest.Digest, { bytes, isKept }: Fetching) =>
      Effect.gen(function* () {
        const found = yield* shared.object(object)
        // whoever is given bytes may write into them
        const own = found === null ? null : new Uint8Array(found)
        yield* Deferred.succeed(bytes, found)
        if (own !== null) yield* local.put(own, object)
      }).pipe(
        turns.withPermits(1),
        Effect.onExit((exit) => {
          underWay.delete(object)
          return Effect.zipRight(Deferred.succeed(bytes, null), Deferred.done(isKept, exit))
        }),
        Effect.forkDaemon
      )

    /** The bytes that the shared store has instead of those that are missing or damaged here. */
    const fetched = <E extends ObjectMissing | ObjectCorrupt>(failure: E) =>
      Effect.suspend(() => {
        const { object } = failure
        const others = underWay.get(object)
        // what the first is given is its own
        if (others !== undefined) return Effect.zipRight(Deferred.await(others.isKept), local.get(object))
        const own: Fetching = {
          bytes: Deferred.unsafeMake(FiberId.none),
          isKept: Deferred.unsafeMake(FiberId.none)
        }
        underWay.set(object, own)
        return Effect.flatMap(Effect.zipRight(begin(object, own), Deferred.await(own.bytes)), (bytes) =>
          bytes === null ? Effect.fail(failure) : Effect.succeed(bytes)
        )
      })
    const kept = (object: Digest.Digest) =>
      Effect.suspend(() => {
        const fetching = underWay.get(object)
        return fetching === undefined ? Effect.void : Deferred.await(fetching.isKept)
      })

    /** What is whole elsewhere takes the place of what is damaged here, as it would be computed again where nobody has it. */
    const mended = (corrupt: ObjectCorrupt) =>
      Effect.tap(fetched(corrupt), () =>
        StoreListener.tell(
          `${Explained.explain(corrupt).what}: the shared store ${shared.terms.shown} has it whole, and its bytes are put in their place.`
        )
      )
    const get = (object: Digest.Digest) =>
      Effect.catchTags(local.get(object), { ObjectMissing: fetched, ObjectCorrupt: mended })
    /** What is fetched for it is here when this returns, and was read back. */
    const check = (object: Digest.Digest) =>
      Effect.catchTags(local.check(object), {
        ObjectMissing: (missing) => Effect.zipRight(fetched(missing), kept(object)),
        ObjectCorrupt: (corrupt) => Effect.zipRight(mended(corrupt), kept(object))
      })
    const has = (object: Digest.Digest, bytes: number) =>
      Effect.flatMap(local.has(object, bytes), (isHere) => (isHere ? Effect.succeed(true) : shared.has(object, bytes)))

    const whereabouts = (object: Digest.Digest, bytes: number) =>
      Effect.all({ here: local.has(object, bytes), shared: shared.has(object, bytes) })
    const remove = (object: Digest.Digest) => Effect.zipRight(local.remove(object), uploads.dropObject(object))

    return { ...local, get, check, has, whereabouts, remove }
  })
)
