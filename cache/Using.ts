import { randomBytes } from "node:crypto"
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync
} from "node:fs"
import * as path from "node:path"
import { Context, Effect, Layer, Schedule } from "effect"
import * as BoundedFile from "../artifacts/BoundedFile.ts"
import * as Disk from "./disk.ts"
import type { Key } from "./Key.ts"
import { Leases } from "./Lease.ts"
import { here, readFrom, type System, written } from "./lease-holder.ts"
import { type Lookup, TraceStore } from "./Trace.ts"
import * as Unfinished from "./unfinished.ts"

// What running commands and their workers use of a store, so that nobody removes it under them: a folder `using/<token>` each. The file
// `holder` says who they are, as a lease does, and by its time stamp since when; `build` which build they run from; `keys` has a line for each
// key whose result they have found.

const MOST_BUILD_BYTES = 16 * 1024
/** A million keys. */
const MOST_KEYS_BYTES = 64 * 1024 * 1024

const RENEWAL = "1 minute"
/** A process of another host, of which nothing was heard for this long, counts as gone: its results are computed again if it is not. */
const SILENCE_MILLIS = 3_600_000

const folderIn = (home: string): string => path.join(home, "using")

/** Says what this process uses, before it relies on it. A store that cannot be written to is no reason to fail: nothing is removed there either. */
export class Using extends Context.Tag("headrace/Using")<
  Using,
  {
    /** From now on nothing that is written into the store is anybody's to remove. */
    readonly begin: Effect.Effect<void>
    /** The same of a process that makes results: it, or whoever computes for it, writes them from now on. */
    readonly beginWriting: Effect.Effect<void>
    /** Whether this process made results, or tried to. */
    readonly hasWritten: Effect.Effect<boolean>
    /** Nor are the results of these keys. */
    readonly declare: (keys: ReadonlyArray<Key>) => Effect.Effect<void>
    /**
     * Does some work of a process that goes on after it: what is found and written for it is in use until it is done. Of such a process nothing is in
     * use for longer than the oldest of its work.
     */
    readonly during: <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  }
>() {}

/** Work of a process that goes on after it: since when by the clock of the file system, in milliseconds, and what it has found. */
interface Work {
  since: number
  readonly keys: Set<Key>
}

/** Nobody sees half of it. */
const replace = (file: string, text: string): void => {
  const aside = Unfinished.nameIn(path.dirname(file))
  writeFileSync(aside, text)
  renameSync(aside, file)
}

/** Has a file say that it was changed now, by the clock of its file system: its first byte is written over by itself. */
const touch = (file: string): void => {
  const handle = openSync(file, "r+")
  try {
    const byte = Buffer.alloc(1)
    readSync(handle, byte, 0, 1, 0)
    writeSync(handle, byte, 0, 1, 0)
  } finally {
    closeSync(handle)
  }
}

/** The time in milliseconds by the clock of the file system that a folder is of. */
const timeIn = (folder: string): number => {
  const file = path.join(folder, "clock")
  writeFileSync(file, "x")
  return statSync(file).mtimeMs
}

/** The mark of this process, made when it first uses something, and removed at its end. */
export const layer = (home: string, build: string | null = null, system: System = here): Layer.Layer<Using> =>
  Layer.scoped(
    Using,
    Effect.gen(function* () {
      const folder = path.join(folderIn(home), randomBytes(8).toString("hex"))
      const [holder, keysFile] = [path.join(folder, "holder"), path.join(folder, "keys")]
      const declared = new Set<Key>()
      /** The work that goes on, of a process that does one after the other: what it finds between them is in nobody's use. */
      const works = new Set<Work>()
      let isWorking = false
      let isMade = false
      const orNothing = (write: () => void) => Effect.ignore(Effect.try(write))
      /** What is found, by who has found it: which work it is is not known, so that each has all. */
      const found = () => (isWorking ? Array.from(works, ({ keys }) => keys) : [declared])
      const using = (): ReadonlySet<Key> => new Set(found().flatMap((keys) => [...keys]))
      const linesOf = (keys: Iterable<Key>): string => Array.from(keys, (key) => `${key}\n`).join("")
      const write = (): void => {
        mkdirSync(folder, { recursive: true })
        if (build !== null) writeFileSync(path.join(folder, "build"), build)
        // it is renewed from now on, also while nothing is found: a first node may take hours
        appendFileSync(keysFile, "")
        replace(holder, written(system.self()))
      }
      /** Makes the mark, at once, so that nothing is said before it is there, unless a file is in its way. */
      const mark = Effect.try(write).pipe(
        Effect.catchAll(() =>
          Effect.flatMap(Disk.makeFolder(folderIn(home)), () =>
            Effect.try(() => {
              write()
              // what was found meanwhile could be written nowhere
              appendFileSync(keysFile, linesOf(using()))
            })
          )
        ),
        Effect.ignore
      )
      const begin = Effect.suspend(() => {
        if (isMade) return Effect.void
        isMade = true
        return mark
      })
      const declare = (keys: ReadonlyArray<Key>) =>
        Effect.zipRight(
          keys.length === 0 ? Effect.void : begin,
          Effect.suspend(() => {
            const into = found()
            const fresh = into.length === 0 ? [] : keys.filter((key) => !into.some((known) => known.has(key)))
            for (const known of into) for (const key of keys) known.add(key)
            return fresh.length === 0 ? Effect.void : orNothing(() => appendFileSync(keysFile, linesOf(fresh)))
          })
        )

      /** Has the mark say what the work that goes on has found, and since when; where none does, nothing from now on. */
      const settle = (): void => {
        if (works.size === 0) {
          truncateSync(keysFile)
          touch(holder)
          return
        }
        replace(keysFile, linesOf(using()))
        const since = Math.min(...Array.from(works, (work) => work.since)) / 1000
        // what has no more digits than this is never later than it was
        utimesSync(holder, new Date(), Math.floor(since * 1e4) / 1e4)
      }
      // at once, as is all of it: between two steps other work may begin or end
      const start = Effect.suspend(() => {
        isWorking = true
        isMade = true
        const work: Work = { since: 0, keys: new Set() }
        const isKnown = attempt(() => {
          if (works.size === 0) settle()
          work.since = works.size === 0 ? statSync(holder).mtimeMs : timeIn(folder)
          return true
        })
        works.add(work)
        if (isKnown) return Effect.succeed(work)
        // who was silent for so long that his mark was removed makes it anew
        const known = orNothing(() => {
          work.since = timeIn(folder)
          settle()
        })
        return Effect.as(Effect.zipRight(mark, known), work)
      })
      /** What the work has found and written is in use no longer, but for what other work has. */
      const end = (work: Work) =>
        Effect.sync(() => {
          works.delete(work)
          attempt(settle)
        })
      const during = <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.acquireUseRelease(start, () => work, end)

      const renew = Effect.suspend(() =>
        orNothing(() => {
          if (isMade) utimesSync(keysFile, new Date(), new Date())
        })
      )
      yield* Effect.forkScoped(Effect.repeat(renew, Schedule.spaced(RENEWAL)))
      yield* Effect.addFinalizer(() => orNothing(() => rmSync(folder, { recursive: true, force: true })))
      let hasWritten = false
      const beginWriting = Effect.suspend(() => {
        hasWritten = true
        return begin
      })
      return { begin, beginWriting, hasWritten: Effect.sync(() => hasWritten), declare, during }
    })
  )

const hits = (found: ReadonlyArray<Lookup<{ readonly key: Key }>>): ReadonlyArray<Key> =>
  found.flatMap((one) => (one._tag === "Hit" ? [one.trace.key] : []))

/** Traces whose finders are known to use them. Those that are only compared with others, stage by stage, are not used. */
export const traces: Layer.Layer<TraceStore, never, TraceStore | Using> = Layer.effect(
  TraceStore,
  Effect.gen(function* () {
    const store = yield* TraceStore
    const { declare } = yield* Using
    const one = <A extends { readonly key: Key }>(found: Lookup<A>) => Effect.as(declare(hits([found])), found)
    const many = <A extends { readonly key: Key }>(found: ReadonlyArray<Lookup<A>>) =>
      Effect.as(declare(hits(found)), found)
    return {
      ...store,
      get: (stage, key) => Effect.flatMap(store.get(stage, key), one),
      getMany: (stage, keys) => Effect.flatMap(store.getMany(stage, keys), many),
      getChunk: (stage, key) => Effect.flatMap(store.getChunk(stage, key), one),
      getChunks: (stage, keys) => Effect.flatMap(store.getChunks(stage, keys), many)
    }
  })
)

/** Leases whose holders are known to use the store from before they have one. */
export const leases: Layer.Layer<Leases, never, Leases | Using> = Layer.effect(
  Leases,
  Effect.gen(function* () {
    const { tryAcquire, acquire } = yield* Leases
    const { beginWriting } = yield* Using
    return {
      tryAcquire: (key) => Effect.zipRight(beginWriting, tryAcquire(key)),
      acquire: (key) => Effect.zipRight(beginWriting, acquire(key))
    }
  })
)

/** What the processes that are alive use. */
export interface InUse {
  /** What was written since then is theirs, in milliseconds by the clock of the file system; infinite where nobody is there. */
  readonly since: number
  readonly keys: ReadonlySet<string>
  readonly builds: ReadonlySet<string>
  /** Folders of those that are gone. */
  readonly left: ReadonlyArray<string>
}

const changedMillis = (file: string): number => statSync(file, { throwIfNoEntry: false })?.ctimeMs ?? 0

/** The names in a folder; none where there is none. */
const namesIn = (folder: string): ReadonlyArray<string> => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Whether a mark is of a process that is gone, or of which nothing was heard since and nothing is known. */
const isLeft = (folder: string, before: number, system: System): boolean => {
  const user = readFrom(path.join(folder, "holder"))
  if (user !== null && system.isGone(user)) return true
  const heard = [path.join(folder, "keys"), path.join(folder, "holder"), folder].map(changedMillis)
  return Math.max(...heard) < before && (user === null || !system.isHere(user))
}

/** The marks of processes that are gone, or of which nothing was heard since, by the clock of the file system. */
export const leftIn = (home: string, before: number, system: System = here): ReadonlyArray<string> =>
  namesIn(folderIn(home))
    .map((name) => path.join(folderIn(home), name))
    .filter((folder) => attempt(() => isLeft(folder, before, system)) === true)

/**
 * Reads what is used. `now`: of the file system's clock. A mark that cannot be read is of a process that begins, or nobody's: it
 * counts as that of one whose keys are not known, until it was silent for long.
 */
export const read = (home: string, now: number, system: System = here): InUse => {
  let since = Number.POSITIVE_INFINITY
  const [keys, builds] = [new Set<string>(), new Set<string>()]
  const left: Array<string> = []
  for (const name of namesIn(folderIn(home))) {
    const folder = path.join(folderIn(home), name)
    try {
      if (isLeft(folder, now - SILENCE_MILLIS, system)) {
        left.push(folder)
        continue
      }
      const began = statSync(path.join(folder, "holder"), { throwIfNoEntry: false }) ?? statSync(folder)
      since = Math.min(since, began.mtimeMs)
      const build = attempt(() => BoundedFile.read(path.join(folder, "build"), MOST_BUILD_BYTES).toString())
      if (build !== null) builds.add(build)
      const text = attempt(() => BoundedFile.read(path.join(folder, "keys"), MOST_KEYS_BYTES))
      for (const key of (text ?? "").toString().split("\n")) keys.add(key)
    } catch {
      // it ended meanwhile
    }
  }
  return { since, keys, builds, left }
}

const attempt = <A>(read: () => A): A | null => {
  try {
    return read()
  } catch {
    return null
  }
}
