import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect, Either, Layer, Schema } from "effect"
import * as BoundedFile from "../artifacts/BoundedFile.ts"
import * as BoundedJson from "../artifacts/BoundedJson.ts"
import * as Digest from "../artifacts/Digest.ts"
import type { Files } from "../artifacts/Files.ts"
import * as Disk from "../cache/disk.ts"
import { MOST_OBJECT_BYTES, ObjectStore, type StoreFailed } from "../cache/ObjectStore.ts"
import { type SourceAccess, SourceFiles, SourceGone, type SourcePart } from "../cache/SourceFiles.ts"
import * as Unfinished from "../cache/unfinished.ts"
import * as DigestMemory from "./DigestMemory.ts"
import { FileDigests, listText } from "./FileDigests.ts"

// A source travels as objects: a file as its bytes, a folder as those of its files and of the list that its digest is of.

/** So many files of a folder are fetched side by side. */
const AT_ONCE = 8

const List = BoundedJson.schema(Schema.Array(Schema.Tuple(Schema.String, Digest.Digest)))
const decodeList = Schema.decodeEither(List)

/** A path that stays in the folder that it is relative to. */
const isInside = (name: string): boolean =>
  name.split("/").every((segment) => segment !== "" && segment !== "." && segment !== ".." && !segment.includes("\0"))

/** The files of a folder, where the bytes are the list that a folder is known by; null where they are a file's own. */
const listIn = (bytes: Uint8Array): ReadonlyArray<{ readonly path: string; readonly digest: Digest.Digest }> | null => {
  if (bytes[0] !== "[".charCodeAt(0)) return null
  const text = Buffer.from(bytes).toString("utf8")
  const found = decodeList(text)
  if (Either.isLeft(found)) return null
  const files = found.right.map(([name, digest]) => ({ path: name, digest }))
  return listText(files) === text && files.every((file) => isInside(file.path)) ? files : null
}

/** What the file or folder is called: where it lies on another machine says nothing here. */
const nameOf = ({ path: from }: Files): string => {
  const name = from.split(/[\\/]/).findLast((segment) => segment !== "") ?? ""
  return isInside(name) ? name : "files"
}

const make = (home: string): Effect.Effect<SourceAccess, never, FileDigests | ObjectStore> =>
  Effect.gen(function* () {
    const digests = yield* FileDigests
    const store = yield* ObjectStore

    /** Whether a file or folder has the digest, by what is remembered of it. */
    const isSame = (at: string, digest: Digest.Digest): Effect.Effect<boolean> =>
      digests.of(at).pipe(
        Effect.map((found) => found.digest === digest),
        Effect.orElseSucceed(() => false)
      )

    const onDisk = <A>(at: string, work: () => Promise<A>): Effect.Effect<A, StoreFailed> =>
      Effect.tryPromise({ try: work, catch: (cause) => Disk.storeFailed("Laying out", at, cause) })

    /** Gives an object a second name: no byte is copied where the file system has links. */
    const place = (object: Digest.Digest, at: string) =>
      Effect.gen(function* () {
        const bytes = yield* store.get(object)
        const from = store.locate(object)
        yield* onDisk(at, async () => {
          await Disk.makeDirectory(path.dirname(at))
          const isLinked =
            from !== null &&
            (await fs.link(from, at).then(
              () => true,
              () => false
            ))
          if (!isLinked) await fs.writeFile(at, bytes, { flag: "wx", mode: 0o444 })
        })
      })

    /** The files as objects of the store have them, under the name that they have elsewhere; null where it has none. */
    const laidOut = (files: Files): Effect.Effect<string | null, SourceGone | StoreFailed> =>
      Effect.gen(function* () {
        const folder = path.join(home, "sources", "files", files.digest)
        const at = path.join(folder, nameOf(files))
        if (yield* isSame(at, files.digest)) return at
        const lost = () => Effect.succeed(null)
        const bytes = yield* Effect.catchTags(store.get(files.digest), { ObjectMissing: lost, ObjectCorrupt: lost })
        if (bytes === null) return null
        const aside = Unfinished.nameIn(folder)
        const list = listIn(bytes) ?? [{ path: "", digest: files.digest }]
        const gone = (name: string) => () =>
          new SourceGone({ ...files, what: `a store has the list of its files, and not ${name}` })
        yield* Effect.mapError(Disk.makeFolder(folder), (cause) => Disk.storeFailed("Laying out", folder, cause))
        yield* Effect.forEach(
          list,
          (file) =>
            Effect.catchTags(place(file.digest, path.join(aside, file.path)), {
              ObjectMissing: gone(file.path),
              ObjectCorrupt: gone(file.path)
            }),
          { concurrency: AT_ONCE, discard: true }
        ).pipe(Effect.onError(() => Effect.promise(() => fs.rm(aside, { recursive: true, force: true }))))
        yield* onDisk(at, async () => {
          await fs.rm(at, { recursive: true, force: true })
          await fs.rename(aside, at)
        })
        return at
      })

    const locate: SourceAccess["locate"] = (files) =>
      Effect.gen(function* () {
        if (yield* isSame(files.path, files.digest)) return files.path
        const laid = yield* laidOut(files)
        if (laid !== null) return laid
        // a source may know its files by a digest of its own; what it is to mean is its stages' to check
        const isThere = yield* Effect.promise(() =>
          fs.stat(files.path).then(
            () => true,
            () => false
          )
        )
        if (isThere) return files.path
        return yield* new SourceGone({ ...files, what: `nothing lies at ${files.path}, and no store has them` })
      })

    const obtain: SourceAccess["obtain"] = (files) =>
      Effect.flatMap(isSame(files.path, files.digest), (isHere) =>
        isHere ? Effect.succeed(true) : Effect.map(laidOut(files), (laid) => laid !== null)
      )

    const find: SourceAccess["find"] = (digest) =>
      Effect.map(DigestMemory.headers(path.join(home, "sources")), (all) => {
        const found = all.find((one) => one.digest === digest)
        return found === undefined ? null : { digest, path: found.root, label: path.basename(found.root), notice: null }
      })

    const parts: SourceAccess["parts"] = (files) =>
      Effect.gen(function* () {
        const at = yield* locate(files)
        const gone = (what: string) => new SourceGone({ ...files, what })
        const found = yield* Effect.mapError(digests.listing(at), ({ message }) => gone(message))
        if (found.digest !== files.digest) return yield* gone(`what lies at ${at} has another sha256`)
        const all = found.files.map(({ path: name, size, digest }): SourcePart => {
          const file = name === "" ? at : path.join(at, name)
          return {
            object: digest,
            bytes: size,
            read: Effect.tryPromise({
              try: () => BoundedFile.readLarge(file, MOST_OBJECT_BYTES),
              catch: (cause) => gone(`${file} cannot be read (${Disk.causeText(cause)})`)
            })
          }
        })
        if (found.files[0]?.path === "") return all
        const list = new TextEncoder().encode(listText(found.files))
        return [...all, { object: files.digest, bytes: list.length, read: Effect.succeed(list) }]
      })

    return { locate, obtain, find, parts }
  })

/** Sources by their bytes, wherever they were found: what this machine lacks is laid out of its stores, in the store at `home`. */
export const layerDisk = (home: string): Layer.Layer<SourceFiles, never, FileDigests | ObjectStore> =>
  Layer.effect(SourceFiles, make(home))
