import { Effect, Layer } from "effect"
import type * as Digest from "../../artifacts/Digest.ts"
import { type ObjectMissing, ObjectStore } from "../ObjectStore.ts"
import { SharedStore } from "./SharedStore.ts"
import { Uploads } from "./Uploads.ts"

/**
 * The objects of this machine's store, with a shared one behind it: what this machine lacks is fetched when somebody reads it, kept,
 * and read from here after that. What is put stays here; it is uploaded with the trace that names it. What is removed here is noted to be
 * removed there.
 */
export const layer: Layer.Layer<ObjectStore, never, ObjectStore | SharedStore | Uploads> = Layer.effect(
  ObjectStore,
  Effect.gen(function* () {
    const local = yield* ObjectStore
    const shared = yield* SharedStore
    const uploads = yield* Uploads

    /** The bytes that the shared store has instead of those that are missing here. */
    const fetched = (missing: ObjectMissing) =>
      Effect.gen(function* () {
        const bytes = yield* shared.object(missing.object)
        if (bytes === null) return yield* missing
        yield* local.put(bytes)
        return bytes
      })

    const get = (object: Digest.Digest) => Effect.catchTag(local.get(object), "ObjectMissing", fetched)
    const check = (object: Digest.Digest) =>
      Effect.catchTag(local.check(object), "ObjectMissing", (missing) => Effect.asVoid(fetched(missing)))
    const has = (object: Digest.Digest, bytes: number) =>
      Effect.flatMap(local.has(object, bytes), (isHere) => (isHere ? Effect.succeed(true) : shared.has(object, bytes)))

    const whereabouts = (object: Digest.Digest, bytes: number) =>
      Effect.all({ here: local.has(object, bytes), shared: shared.has(object, bytes) })
    const remove = (object: Digest.Digest) => Effect.zipRight(local.remove(object), uploads.dropObject(object))

    return { ...local, get, check, has, whereabouts, remove }
  })
)
