import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect, Layer, Stream } from "effect"
import * as BoundedFile from "../../artifacts/BoundedFile.ts"
import * as Disk from "../disk.ts"
import { here, type System } from "../lease-holder.ts"
import { ABANDONED_MILLIS, fileSystemNow } from "../tidy.ts"
import * as Unfinished from "../unfinished.ts"
import { type Blob, Blobs, BlobsFailed, type Cause, NOTHING_UNFINISHED } from "./Blobs.ts"

const CAUSES: Readonly<Record<string, Cause>> = {
  EACCES: "forbidden",
  EDQUOT: "full",
  ENOSPC: "full",
  EPERM: "forbidden",
  EROFS: "forbidden"
}

/** What the system says of a file in the place of a folder. It may be anybody's who shares the folder: it is told, and stays. */
const MISPLACED = ["EEXIST", "ENOTDIR"]

const failed = (doing: string, file: string, cause: unknown): BlobsFailed => {
  if (cause instanceof BoundedFile.Unbounded)
    return new BlobsFailed({ cause: "wrong", message: `has as ${file} what ${cause.message}` })
  const code = Disk.causeText(cause)
  return MISPLACED.includes(code)
    ? new BlobsFailed({
        cause: "wrong",
        message: `has a file in the place of the folder ${file}, or of one above it: move it away`
      })
    : new BlobsFailed({ cause: CAUSES[code] ?? "unreachable", message: `fails: ${doing} ${file} (${code})` })
}

const isAbsent = (cause: unknown): boolean => ["ENOENT", "ENOTDIR"].includes(Disk.codeOf(cause) ?? "")

/**
 * A folder that all machines share. It must be there: an empty one in the place of a disk that is not mounted would take what
 * nobody else sees.
 */
export const layerFolder = (
  root: string,
  now: (root: string) => Promise<number> = fileSystemNow,
  system: System = here
): Layer.Layer<Blobs> =>
  Layer.sync(Blobs, () => {
    const fileOf = (name: string) => path.join(root, name)
    const absent = new BlobsFailed({ cause: "absent", message: "is no folder that is there" })
    const isThere = Effect.promise(() =>
      fs.stat(root).then(
        (stat) => stat.isDirectory(),
        () => false
      )
    )
    const inFolder = <A>(use: Effect.Effect<A, BlobsFailed>) =>
      Effect.flatMap(isThere, (there) => (there ? use : absent))

    /** What is found is proof enough that the folder is there. */
    const found = <A>(asked: Effect.Effect<A | null, BlobsFailed>) =>
      Effect.flatMap(asked, (one) => (one === null ? inFolder(Effect.succeed(null)) : Effect.succeed(one)))

    /** Null where nothing has the name. */
    const ifThere = <A>(name: string, use: (file: string) => Promise<A>) =>
      Effect.tryPromise({ try: () => use(fileOf(name)), catch: (cause) => cause }).pipe(
        Effect.catchAll((cause) => (isAbsent(cause) ? Effect.succeed(null) : failed("reading", fileOf(name), cause)))
      )

    const within = (folder: string): Stream.Stream<Blob, BlobsFailed> =>
      Stream.fromIterableEffect(
        Effect.map(
          ifThere(folder, (file) => fs.readdir(file, { withFileTypes: true })),
          (entries) => [...(entries ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1))
        )
      ).pipe(
        Stream.flatMap((entry) => {
          const name = folder === "" ? entry.name : `${folder}/${entry.name}`
          if (entry.isDirectory()) return within(name)
          if (Unfinished.is(entry.name)) return Stream.empty
          return Stream.fromEffect(ifThere(name, (file) => fs.stat(file))).pipe(
            Stream.flatMap((stat) =>
              stat?.isFile() === true
                ? Stream.make({ name, bytes: stat.size, modified: Math.round(stat.mtimeMs) })
                : Stream.empty
            )
          )
        })
      )

    /** What of a folder, and of those in it, is half-written and nobody's: its files, as they are come across. */
    const abandoned = (folder: string, before: number): Stream.Stream<{ file: string; bytes: number }, BlobsFailed> =>
      Stream.fromIterableEffect(
        Effect.map(
          ifThere(folder, (file) => fs.readdir(file, { withFileTypes: true })),
          (entries) => entries ?? []
        )
      ).pipe(
        Stream.flatMap((entry) => {
          const name = path.join(folder, entry.name)
          if (entry.isDirectory()) return abandoned(name, before)
          if (!entry.isFile() || !Unfinished.is(entry.name)) return Stream.empty
          return Stream.fromEffect(ifThere(name, (file) => fs.lstat(file))).pipe(
            Stream.filter((stat) => stat !== null),
            Stream.filter((stat) => Unfinished.isAbandoned(entry.name, system) || stat.ctimeMs < before),
            Stream.map(({ size }) => ({ file: fileOf(name), bytes: size }))
          )
        })
      )

    const tidy = (isDry: boolean) =>
      Effect.gen(function* () {
        const instant = yield* Effect.tryPromise({
          try: () => now(root),
          catch: (cause) => failed("writing", root, cause)
        })
        return yield* Stream.runFoldEffect(
          abandoned("", instant - ABANDONED_MILLIS),
          NOTHING_UNFINISHED,
          ({ files, bytes }, one) =>
            Effect.as(isDry ? Effect.void : Effect.promise(() => Disk.tidyAway(one.file)), {
              files: files + 1,
              bytes: bytes + one.bytes
            })
        )
      })

    return {
      tidy: (isDry) => inFolder(tidy(isDry)),
      get: (name, most) => found(ifThere(name, (file) => BoundedFile.readLarge(file, most))),
      size: (name) =>
        found(
          Effect.map(
            ifThere(name, (file) => fs.stat(file)),
            (stat) => (stat?.isFile() ? stat.size : null)
          )
        ),
      putNew: (name, bytes) => inFolder(Disk.publishNew(fileOf(name), bytes, failed)),
      remove: (name) =>
        inFolder(
          Effect.tryPromise({
            try: () => fs.rm(fileOf(name), { force: true }),
            catch: (cause) => failed("removing", fileOf(name), cause)
          })
        ),
      list: (prefix) => {
        const folder = prefix.slice(0, Math.max(0, prefix.lastIndexOf("/")))
        return Stream.unwrap(Effect.as(inFolder(Effect.void), within(folder))).pipe(
          Stream.filter(({ name }) => name.startsWith(prefix))
        )
      }
    }
  })
