import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect, Layer, Stream } from "effect"
import type { Unbounded } from "../artifacts/BoundedFile.ts"
import * as Digest from "../artifacts/Digest.ts"
import * as Disk from "./disk.ts"
import { MOST_OBJECT_BYTES, ObjectCorrupt, ObjectStore, StoreFailed, verify, verifyDigest } from "./ObjectStore.ts"

const tooLarge = (bytes: number): StoreFailed =>
  new StoreFailed({
    what: `An output of ${bytes} bytes in one object cannot be kept`,
    expected: `at most ${MOST_OBJECT_BYTES}`,
    fix: "Make it smaller, or have the stage yield it as a table, whose chunks are objects of their own."
  })

/** Says that a file is as good as new. One that is not there, or another user's, stays as it is. */
const touch = (file: string): Promise<void> => fs.utimes(file, new Date(), new Date()).catch(() => undefined)

/** Objects as read-only files `objects/ab/abcdef…` under the cache's home. */
export const layerDisk = (home: string): Layer.Layer<ObjectStore> =>
  Layer.sync(ObjectStore, () => {
    const root = path.join(home, "objects")
    const fileOf = (object: Digest.Digest) => path.join(root, object.slice(0, 2), object)

    /** What lies in the object's place and cannot be one is as wrong as other bytes. */
    const unbounded =
      (object: Digest.Digest) =>
      ({ message }: Unbounded) =>
        new ObjectCorrupt({ object, found: `its file ${message}` })

    const get = (object: Digest.Digest) =>
      Disk.readIfThere(fileOf(object), MOST_OBJECT_BYTES).pipe(
        Effect.catchTag("Unbounded", unbounded(object)),
        Effect.flatMap((bytes) => verify(object, bytes))
      )

    const check = (object: Digest.Digest) =>
      Disk.digestIfThere(fileOf(object), MOST_OBJECT_BYTES).pipe(
        Effect.catchTag("Unbounded", unbounded(object)),
        Effect.flatMap((found) => verifyDigest(object, found))
      )

    const put = (bytes: Uint8Array, known?: Digest.Digest) =>
      Effect.gen(function* () {
        if (bytes.length > MOST_OBJECT_BYTES) return yield* tooLarge(bytes.length)
        // what is written is read back and hashed, and gets no name that is another's
        const object = known ?? Digest.ofBytes(bytes)
        // a time stamp first: who removes what nobody uses looks at it last, and what was removed before that is not there below
        yield* Effect.promise(() => touch(fileOf(object)))
        const there = (yield* has(object, bytes.length))
          ? yield* Effect.catchTag(Disk.digestIfThere(fileOf(object), MOST_OBJECT_BYTES), "Unbounded", () =>
              Effect.succeed(null)
            )
          : null
        if (there !== object) yield* Disk.publish(fileOf(object), bytes, { digest: object, readOnly: true })
        return object
      })

    const has = (object: Digest.Digest, bytes: number) =>
      Effect.promise(() =>
        fs.stat(fileOf(object)).then(
          (stat) => stat.isFile() && stat.size === bytes,
          () => false
        )
      )

    const whereabouts = (object: Digest.Digest, bytes: number) =>
      Effect.map(has(object, bytes), (here) => ({ here, shared: null }))

    const find = (prefix: string) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const directories = (yield* Disk.listIfThere(root)).filter(
            (name) => name.startsWith(prefix.slice(0, 2)) || prefix.startsWith(name)
          )
          const names = yield* Effect.forEach(directories, (name) => Disk.listIfThere(path.join(root, name)))
          return Stream.fromIterable(
            names.flat().filter((name) => name.startsWith(prefix)) as unknown as ReadonlyArray<Digest.Digest>
          )
        })
      )

    const remove = (object: Digest.Digest) => Disk.removeIfThere(fileOf(object))

    const discard = (object: Digest.Digest) =>
      Effect.catchTags(check(object), {
        ObjectCorrupt: () => remove(object),
        ObjectMissing: () => Effect.void
      })

    return { put, get, check, has, whereabouts, discard, remove, find, locate: fileOf }
  })
