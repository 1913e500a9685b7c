import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect, Layer, Stream } from "effect"
import * as Digest from "../artifacts/Digest.ts"
import * as Disk from "./disk.ts"
import { ObjectCorrupt, ObjectMissing, ObjectStore } from "./ObjectStore.ts"

/** Objects as read-only files `objects/ab/abcdef…` under the cache's home. */
export const layerDisk = (home: string): Layer.Layer<ObjectStore> =>
  Layer.sync(ObjectStore, () => {
    const root = path.join(home, "objects")
    const fileOf = (object: Digest.Digest) => path.join(root, object.slice(0, 2), object)
    // what this process has hashed; anything else is hashed before it is used
    const verified = new Set<Digest.Digest>()

    const verify = (
      object: Digest.Digest,
      bytes: Uint8Array | null
    ): Effect.Effect<Uint8Array, ObjectMissing | ObjectCorrupt> => {
      if (bytes === null) return new ObjectMissing({ object })
      if (verified.has(object)) return Effect.succeed(bytes)
      const found = Digest.ofBytes(bytes)
      if (found !== object)
        return new ObjectCorrupt({ object, found: `its ${bytes.length} bytes have sha256 ${Digest.short(found)}` })
      verified.add(object)
      return Effect.succeed(bytes)
    }

    const get = (object: Digest.Digest) =>
      Effect.flatMap(Disk.readIfThere(fileOf(object)), (bytes) => verify(object, bytes))

    const put = (bytes: Uint8Array) =>
      Effect.gen(function* () {
        const object = Digest.ofBytes(bytes)
        const there = (yield* has(object, bytes.length)) ? yield* Disk.readIfThere(fileOf(object)) : null
        if (there !== null && Buffer.compare(there, bytes) === 0) {
          verified.add(object)
          return object
        }
        const check = (written: Uint8Array) =>
          Digest.ofBytes(written) === object ? null : "the disk returned other bytes"
        yield* Disk.publish(fileOf(object), bytes, { verify: check, readOnly: true })
        verified.add(object)
        return object
      })

    const has = (object: Digest.Digest, bytes: number) =>
      Effect.promise(() =>
        fs.stat(fileOf(object)).then(
          (stat) => stat.size === bytes,
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

    const discard = (object: Digest.Digest) =>
      Effect.suspend(() => {
        verified.delete(object)
        return Effect.catchTags(Effect.asVoid(get(object)), {
          ObjectCorrupt: () => Disk.removeIfThere(fileOf(object)),
          ObjectMissing: () => Effect.void
        })
      })

    const remove = (object: Digest.Digest) =>
      Effect.suspend(() => {
        verified.delete(object)
        return Disk.removeIfThere(fileOf(object))
      })

    return { put, get, has, discard, remove, find, locate: fileOf }
  })
