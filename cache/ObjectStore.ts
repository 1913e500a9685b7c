import { Context, Effect, Either, Layer, Schema, Stream } from "effect"
import type { StoredPart } from "../artifacts/Artifact.ts"
import * as Digest from "../artifacts/Digest.ts"
import * as Explained from "../artifacts/Explained.ts"
import * as Verified from "../artifacts/Verified.ts"

/** What Node hashes and reads at once, with the byte more by which a reader tells a file that grows. */
export const MOST_OBJECT_BYTES = 2 ** 31 - 2

/** Needed bytes that are gone. The engine answers by computing them again. */
export class ObjectMissing extends Explained.TaggedError<ObjectMissing>()(
  "ObjectMissing",
  { object: Digest.Digest },
  ({ object }) => ({
    what: `Object ${Digest.short(object)} is gone`,
    expected: "it in the store, since a trace names it",
    fix: "Run again: it is recomputed."
  })
) {}

/** Needed bytes that are not what their name says. The engine discards and recomputes them. */
export class ObjectCorrupt extends Explained.TaggedError<ObjectCorrupt>()(
  "ObjectCorrupt",
  {
    object: Digest.Digest,
    found: Schema.String
  },
  ({ object, found }) => ({
    what: `Object ${Digest.short(object)} is corrupt: ${found}`,
    expected: "bytes with that sha256",
    fix: "Run again: it is recomputed. Check the disk if this repeats."
  })
) {}

/** The store could not be written or read: a full disk, a read-only or unreadable directory. */
export class StoreFailed extends Explained.TaggedError<StoreFailed>()(
  "StoreFailed",
  Explained.fields,
  ({ what, expected, fix }) => ({ what, expected, fix })
) {}

/** Where an object is. */
export interface Whereabouts {
  /** On this machine. */
  readonly here: boolean
  /** In a store that it shares with others; null where it shares none. */
  readonly shared: boolean | null
}

/** Immutable bytes under their own sha256. */
export class ObjectStore extends Context.Tag("headrace/ObjectStore")<
  ObjectStore,
  {
    /** Bytes are on the disk, whole and named, when this returns. Bytes that are there already are verified instead. */
    readonly put: (bytes: Uint8Array) => Effect.Effect<Digest.Digest, StoreFailed>
    /** The bytes, read and then hashed, at every call: what was whole a moment ago may have been changed since. */
    readonly get: (
      object: Digest.Digest
    ) => Effect.Effect<Verified.Verified, ObjectMissing | ObjectCorrupt | StoreFailed>
    /** Reads and hashes the bytes as `get` does, and keeps none of them. */
    readonly check: (object: Digest.Digest) => Effect.Effect<void, ObjectMissing | ObjectCorrupt | StoreFailed>
    /** Whether the object is there in its full length, without reading it. */
    readonly has: (object: Digest.Digest, bytes: number) => Effect.Effect<boolean>
    /** Where the object is in its full length, without reading it. */
    readonly whereabouts: (object: Digest.Digest, bytes: number) => Effect.Effect<Whereabouts>
    /** Removes bytes that are corrupt as they lie there now; leaves whole ones. */
    readonly discard: (object: Digest.Digest) => Effect.Effect<void, StoreFailed>
    /** Removes an object that no other trace can name. */
    readonly remove: (object: Digest.Digest) => Effect.Effect<void, StoreFailed>
    /** Names of the objects that start with `prefix`. */
    readonly find: (prefix: string) => Stream.Stream<Digest.Digest, StoreFailed>
    /** Where a person finds the object; null where it has no file. */
    readonly locate: (object: Digest.Digest) => string | null
  }
>() {}

export type ReadFailure = ObjectMissing | ObjectCorrupt | StoreFailed
export const ReadFailure = Schema.Union(ObjectMissing, ObjectCorrupt, StoreFailed)

const otherBytes = (object: Digest.Digest, found: Digest.Digest): ObjectCorrupt =>
  new ObjectCorrupt({ object, found: `its bytes have sha256 ${Digest.short(found)}` })

/** The bytes as verified ones, or why they are not the object's. */
export const verify = (
  object: Digest.Digest,
  bytes: Uint8Array | null | undefined
): Effect.Effect<Verified.Verified, ObjectMissing | ObjectCorrupt> => {
  if (bytes === null || bytes === undefined) return new ObjectMissing({ object })
  return Either.mapLeft(Verified.check(object, bytes), (found) => otherBytes(object, found))
}

/** The same of bytes that were hashed as they were read, and not kept. */
export const verifyDigest = (
  object: Digest.Digest,
  found: Digest.Digest | null
): Effect.Effect<void, ObjectMissing | ObjectCorrupt> => {
  if (found === null) return new ObjectMissing({ object })
  return found === object ? Effect.void : otherBytes(object, found)
}

/** Reads parts of artifacts from the store. */
export const readPart = (store: typeof ObjectStore.Service) => (part: StoredPart) => store.get(part.object)

/** A store that lives and dies with the process. `bytes` is shared, so that tests can damage it. */
export const layerMemory = (bytes: Map<Digest.Digest, Uint8Array> = new Map()): Layer.Layer<ObjectStore> =>
  Layer.succeed(ObjectStore, {
    put: (value) =>
      Effect.sync(() => {
        const object = Digest.ofBytes(value)
        // a Buffer's own slice would share its memory
        bytes.set(object, new Uint8Array(value))
        return object
      }),
    // a copy: whoever is given bytes may write into them
    get: (object) =>
      Effect.suspend(() => {
        const kept = bytes.get(object)
        return verify(object, kept === undefined ? null : new Uint8Array(kept))
      }),
    check: (object) => Effect.suspend(() => Effect.asVoid(verify(object, bytes.get(object)))),
    has: (object, length) => Effect.sync(() => bytes.get(object)?.length === length),
    whereabouts: (object, length) => Effect.sync(() => ({ here: bytes.get(object)?.length === length, shared: null })),
    discard: (object) =>
      Effect.sync(() => {
        const value = bytes.get(object)
        if (value !== undefined && Digest.ofBytes(value) !== object) bytes.delete(object)
      }),
    remove: (object) => Effect.sync(() => void bytes.delete(object)),
    find: (prefix) =>
      Stream.suspend(() => Stream.fromIterable([...bytes.keys()].filter((object) => object.startsWith(prefix)))),
    locate: () => null
  })
