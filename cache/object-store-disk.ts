import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect, Layer, Stream } from "effect"
import * as Digest from "../artifacts/Digest.ts"
import * as Disk from "./disk.ts"
import { ObjectCorrupt, ObjectStore, StoreFailed, verify } from "./ObjectStore.ts"

/** What Node hashes and reads at once, with the byte more by which a reader tells a file that grows. */
const MOST_BYTES = 2 ** 31 - 2

const tooLarge = (bytes: number): StoreFailed =>
  new StoreFailed({
    what: `An output of ${bytes} bytes in one object cannot be kept`,
    expected: `at most ${MOST_BYTES}`,
    fix: "Make it smaller, or have the stage yield it as a table, whose chunks are objects of their own."
  })

/** Objects as read-only files `objects/ab/abcdef…` under the cache's home. */
export const layerDisk = (home: string): Layer.Layer<ObjectStore> =>
  Layer.sync(ObjectStore, () => {
    const root = path.join(home, "objects")
    const fileOf = (object: Digest.Digest) => path.join(root, object.slice(0, 2), object)

    /** What lies in the object's place and cannot be one is as wrong as other bytes. */
    const read = (object: Digest.Digest) =>
      Effect.catchTag(
        Disk.readIfThere(fileOf(object), MOST_BYTES),
        "Unbounded",
        ({ message }) => new ObjectCorrupt({ object, found: `its file ${message}` })
      )

    const get = (object: Digest.Digest) => Effect.flatMap(read(object), (bytes) => verify(object, bytes))

    const put = (bytes: Uint8Array) =>
      Effect.gen(function* () {
        if (bytes.length > MOST_BYTES) return yield* tooLarge(bytes.length)
        const object = Digest.ofBytes(bytes)
        const there = (yield* has(object, bytes.length))
          ? yield* Effect.catchTag(Disk.digestIfThere(fileOf(object)), "Unbounded", () => Effect.succeed(null))
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
      Effect.catchTags(Effect.asVoid(get(object)), {
        ObjectCorrupt: () => remove(object),
        ObjectMissing: () => Effect.void
      })

    return { put, get, has, discard, remove, find, locate: fileOf }
  })
