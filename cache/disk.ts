import { constants } from "node:fs"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect, Schedule } from "effect"
import * as BoundedFile from "../artifacts/BoundedFile.ts"
import { type Digest, ofBytes } from "../artifacts/Digest.ts"
import * as OpenFiles from "../artifacts/OpenFiles.ts"
import * as Misplaced from "./misplaced.ts"
import { StoreFailed } from "./ObjectStore.ts"
import * as StoreListener from "./StoreListener.ts"
import * as Unfinished from "./unfinished.ts"

/** What a failed system call is called: ENOENT, EEXIST. */
export const codeOf = (cause: unknown): string | undefined => (cause as { readonly code?: string }).code
/** The same for people; all that it says of itself where it has no such name. */
export const causeText = (cause: unknown): string => codeOf(cause) ?? String(cause)

/** A failed system call on the store, as a sentence with its remedy. */
export const storeFailed = (doing: string, file: string, cause: unknown): StoreFailed => {
  const code = causeText(cause)
  const what = `${doing} ${file} failed (${code})`
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return new StoreFailed({
        what: `The disk is full: ${what}`,
        expected: "free space for the cache",
        fix: "Free some, or move the cache with PIPELINE_HOME=/another/disk."
      })
    case "EROFS":
    case "EACCES":
    case "EPERM":
      return new StoreFailed({
        what: `The cache cannot be ${doing === "Reading" ? "read" : "written"}: ${what}`,
        expected: `a directory that you may ${doing === "Reading" ? "read" : "write to"}`,
        fix: "Correct its permissions, or move the cache with PIPELINE_HOME."
      })
    case "EEXIST":
    case "ENOTDIR":
      return new StoreFailed({
        what: `A file lies where the cache should have a directory: ${what}`,
        expected: "a directory, or nothing yet",
        fix: "Move the file away, or let PIPELINE_HOME name another directory."
      })
    case "EMFILE":
    case "ENFILE":
      return new StoreFailed(OpenFiles.parts(what))
    default:
      return new StoreFailed({
        what,
        expected: "a working file system under the cache",
        fix: "Check the disk, or move the cache with PIPELINE_HOME."
      })
  }
}

export const attempted = <A>(doing: string, file: string, run: () => Promise<A>): Effect.Effect<A, StoreFailed> =>
  Effect.tryPromise({ try: run, catch: (cause) => storeFailed(doing, file, cause) })

const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await fs.open(directory, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const makeOne = async (directory: string): Promise<void> => {
  try {
    await fs.mkdir(directory)
  } catch (cause) {
    const isThere = codeOf(cause) === "EEXIST" && (await fs.stat(directory)).isDirectory()
    if (!isThere) throw cause
    return
  }
  await syncDirectory(path.dirname(directory)).catch((cause) => {
    // a directory that may be written to and not listed can't be opened to be synced
    if (codeOf(cause) !== "EACCES") throw cause
  })
}

/**
 * Creates a directory and those above it, and has their names on the disk when it returns: what is published in one that a crash takes
 * away is lost with it. Node's own way says ENOENT for whatever stops it, and never ends under /proc.
 */
export const makeDirectory = (directory: string): Promise<void> =>
  makeOne(directory).catch(async (cause) => {
    const above = path.dirname(directory)
    if (codeOf(cause) !== "ENOENT" || above === directory) throw cause
    await makeDirectory(above)
    await makeOne(directory)
  })

const made = (directory: string): Effect.Effect<void, unknown> =>
  Effect.tryPromise({ try: () => makeDirectory(directory), catch: (cause) => cause })

/** What the system says where a file has the place of a folder. */
const TAKEN = ["EEXIST", "ENOTDIR"]

/** Creates a directory of a store, and those above it. A file in the place of one is put aside, which is told, and fails nobody. */
export const makeFolder = (directory: string): Effect.Effect<void, unknown> =>
  Effect.catchAll(made(directory), (cause) =>
    Effect.gen(function* () {
      if (!TAKEN.includes(codeOf(cause) ?? "")) return yield* Effect.fail(cause)
      const moved = yield* Effect.tryPromise({ try: () => Misplaced.putAside(directory), catch: () => cause })
      if (moved !== null)
        yield* StoreListener.tell(
          `${moved.from} was a file where the store has a folder: it was put aside, as ${moved.to}.`
        )
      yield* made(directory)
    })
  )

/** Folders of a store into which others write than the store's own code: sources, which know nothing of what a store does with misplaced files. */
const OF_SOURCES = ["downloads", "sources", "sources/files"]

/** Puts aside what lies in the place of folders that sources write into, before one of them does. */
export const clearFolders = (home: string): Effect.Effect<void> =>
  Effect.forEach(
    OF_SOURCES.map((name) => path.join(home, name)),
    (folder) =>
      Effect.tryPromise(() => fs.stat(folder)).pipe(
        Effect.flatMap((stat) => (stat.isDirectory() ? Effect.void : makeFolder(folder))),
        // nothing is there, or what is there cannot be moved, of which whoever needs the folder tells
        Effect.ignore
      ),
    { discard: true }
  )

/** Writes all of `bytes` and has them on the disk when it returns. */
const writeSynced = async (file: string, bytes: Uint8Array): Promise<void> => {
  const handle = await fs.open(file, "wx")
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Removes a file, if it is there. `fs.rm` looks at it first, in the main thread, and costs several times as much. */
const unlinkIfThere = (file: string): Promise<void> =>
  fs.unlink(file).catch((cause) => {
    if (codeOf(cause) !== "ENOENT") throw cause
  })

/** Gives a file its name. A folder that lies there is none of the store's, and gives way as a file does. */
const takeName = (temporary: string, file: string): Promise<void> =>
  fs.rename(temporary, file).catch(async (cause) => {
    if (codeOf(cause) !== "EISDIR") throw cause
    await fs.rm(file, { recursive: true })
    await fs.rename(temporary, file)
  })

/** What a file system without hard links says of one. */
const NO_LINKS = ["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EMLINK"]

/** Gives a file its name where nothing has it yet, and says whether it did: a link takes no other's, while a rename would. */
const takeFreeName = async (temporary: string, file: string): Promise<boolean> => {
  try {
    await fs.link(temporary, file)
    await unlinkIfThere(temporary)
    return true
  } catch (cause) {
    if (codeOf(cause) === "EEXIST") {
      await unlinkIfThere(temporary)
      return false
    }
    if (!NO_LINKS.includes(codeOf(cause) ?? "")) throw cause
    // there, one of two that come in the same moment replaces the other's
    await takeName(temporary, file)
    return true
  }
}

export interface WriteOptions {
  /** What is written must have this sha256 when it is read back, before it gets its name. */
  readonly digest?: Digest
  readonly readOnly?: boolean
}

/** A failed system call, as whoever asked for it tells of it. */
type Failed<E> = (doing: string, file: string, cause: unknown) => E

/**
 * Publishes a file: written aside in its own directory, checked, synced, given its name, the directory synced. A reader sees
 * the old file or the new one, whole; a crash leaves at most a `.tmp-` file, which `tidy` removes.
 */
const place = <A, E>(
  file: string,
  bytes: Uint8Array,
  { digest, readOnly = false }: WriteOptions,
  name: (temporary: string, file: string) => Promise<A>,
  failed: Failed<E>
): Effect.Effect<A, E> => {
  const directory = path.dirname(file)
  const temporary = Unfinished.nameIn(directory)
  const attempt = <B>(doing: string, file: string, run: () => Promise<B>) =>
    Effect.tryPromise({ try: run, catch: (cause) => failed(doing, file, cause) })
  return Effect.gen(function* () {
    yield* Effect.mapError(makeFolder(directory), (cause) => failed("Creating", directory, cause))
    yield* attempt("Writing", file, () => writeSynced(temporary, bytes))
    if (digest !== undefined) {
      const found = yield* attempt("Reading back", file, () => BoundedFile.hash(temporary))
      if (found !== digest) return yield* Effect.fail(failed("Writing (the disk returned other bytes)", file, "EIO"))
    }
    if (readOnly) yield* attempt("Protecting", file, () => fs.chmod(temporary, 0o444))
    const named = yield* attempt("Naming", file, () => name(temporary, file))
    yield* attempt("Syncing", directory, () => syncDirectory(directory))
    return named
  }).pipe(Effect.onError(() => Effect.ignore(attempt("Removing", temporary, () => unlinkIfThere(temporary)))))
}

/** Publishes a file, in the place of whatever has its name. Readers see all of the one or all of the other. */
export const publish = (
  file: string,
  bytes: Uint8Array,
  options: WriteOptions = {}
): Effect.Effect<void, StoreFailed> => place(file, bytes, options, takeName, storeFailed)

/** Publishes a file unless something has its name already, and says whether it did. */
export const publishNew = <E>(file: string, bytes: Uint8Array, failed: Failed<E>): Effect.Effect<boolean, E> =>
  place(file, bytes, {}, takeFreeName, failed)

/** Whether a failed system call says that there is no such file. */
export const isAbsent = (cause: unknown): boolean => ["ENOENT", "ENOTDIR"].includes(codeOf(cause) ?? "")

const notRead = (file: string, cause: unknown): Effect.Effect<null, StoreFailed | BoundedFile.Unbounded> =>
  isAbsent(cause)
    ? Effect.succeed(null)
    : Effect.fail(cause instanceof BoundedFile.Unbounded ? cause : storeFailed("Reading", file, cause))

/** Files up to this size are read at once: a promise each would cost several times what the read does. */
const SMALL_BYTES = 64 * 1024

/** What is made of a regular file: of a small one at once, of a larger one piece by piece. Null where there is no such file. */
const ifThere = <A>(
  file: string,
  small: (bytes: Buffer) => A,
  large: () => Promise<A>
): Effect.Effect<A | null, StoreFailed | BoundedFile.Unbounded> =>
  Effect.try({ try: () => BoundedFile.readSmall(file, SMALL_BYTES), catch: (cause) => cause }).pipe(
    Effect.flatMap((found) =>
      found === null ? Effect.tryPromise({ try: large, catch: (cause) => cause }) : Effect.succeed(small(found))
    ),
    Effect.catchAll((cause) => notRead(file, cause))
  )

/**
 * The bytes of a regular file of at most `most` bytes; null where there is no such file. What is something else or larger is
 * not read, and nobody waits for it.
 */
export const readIfThere = (
  file: string,
  most: number
): Effect.Effect<Uint8Array | null, StoreFailed | BoundedFile.Unbounded> =>
  ifThere<Uint8Array>(
    file,
    (bytes) => bytes,
    () => BoundedFile.readLarge(file, most)
  )

/** The sha256 of a regular file of at most `most` bytes, in the memory of one piece of it; null where there is no such file. */
export const digestIfThere = (
  file: string,
  most: number
): Effect.Effect<Digest | null, StoreFailed | BoundedFile.Unbounded> =>
  ifThere(file, ofBytes, () => BoundedFile.hash(file, { most }) as Promise<Digest>)

/** A record's text, read at once; null where there is no such file. Bytes that are no UTF-8 are replaced. */
export const readTextIfThere = (
  file: string,
  most: number
): Effect.Effect<string | null, StoreFailed | BoundedFile.Unbounded> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(BoundedFile.read(file, most).toString("utf8"))
    } catch (cause) {
      return notRead(file, cause)
    }
  })

/** What the system says of a folder that is to be unlinked, and of what lies below a file. */
const NO_FILE = ["EISDIR", "EPERM", "ENOTDIR"]

/** Removes whatever lies there, be it a folder. */
export const removeIfThere = (file: string): Effect.Effect<void, StoreFailed> =>
  attempted("Removing", file, () =>
    unlinkIfThere(file).catch((cause) => {
      if (!NO_FILE.includes(codeOf(cause) ?? "")) throw cause
      return fs.rm(file, { force: true, recursive: true })
    })
  )

/** Housekeeping: what cannot be removed stays, and stops nobody. */
export const tidyAway = (file: string): Promise<void> => fs.unlink(file).catch(() => undefined)

/** Names in a directory, none where there is none. Unfinished files are left out. */
export const listIfThere = (directory: string): Effect.Effect<ReadonlyArray<string>> =>
  Effect.promise(async () => {
    try {
      return (await fs.readdir(directory)).filter((name) => !Unfinished.is(name))
    } catch {
      return []
    }
  })

/** How often a waiter looks again: soon at first, then twice a second. */
export const polling = Schedule.union(Schedule.exponential("20 millis"), Schedule.spaced("500 millis"))
