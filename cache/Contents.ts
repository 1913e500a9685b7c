import { type Dirent, lstatSync, readdirSync } from "node:fs"
import * as path from "node:path"
import { Effect, Schema } from "effect"
import { Digest } from "../artifacts/Digest.ts"
import * as EventLoop from "../artifacts/EventLoop.ts"
import { Key } from "./Key.ts"
import * as Unfinished from "./unfinished.ts"

// What lies in a store, file by file, for whoever counts, checks or tidies it: nobody else need know which name means what.

/** What a file of a store is, as far as its place tells: nothing was read. */
export type Content =
  | { readonly _tag: "Object"; readonly object: Digest }
  /** Of a node, or a state of one: those are traces of a stage of their own. */
  | { readonly _tag: "Trace"; readonly stage: string; readonly key: Key }
  | { readonly _tag: "ChunkTrace"; readonly stage: string; readonly key: Key }
  | { readonly _tag: "Printed"; readonly stage: string; readonly key: Key }
  /** Of a run or a sweep. */
  | { readonly _tag: "Record"; readonly run: string }
  /** What a run or sweep noted when it began, until its record is there. */
  | { readonly _tag: "Begun"; readonly run: string }
  /** What a run tells of itself while it goes on, or told until it was killed. */
  | { readonly _tag: "Live"; readonly run: string }
  /** The page of a run, which its record can make again. */
  | { readonly _tag: "Page"; readonly run: string }
  /** Somebody's word that a change of code alters no result. */
  | { readonly _tag: "Acceptance" }
  /** A result that is still to be shared, or dropped elsewhere. */
  | { readonly _tag: "Upload" }
  | { readonly _tag: "Lease" }
  | { readonly _tag: "Download" }
  /** A remembered digest, or a source that another machine found. */
  | { readonly _tag: "Source" }
  /** A program as it was built. */
  | { readonly _tag: "Build" }
  /** What a running command says that it uses. */
  | { readonly _tag: "Using" }
  /** What somebody asked to be kept. */
  | { readonly _tag: "Pin" }
  /** What somebody said of a run. */
  | { readonly _tag: "Marks"; readonly run: string }
  /** What the page of all runs knows of their records, so that they are not read again. */
  | { readonly _tag: "Index" }
  /** What is remembered of what was removed, and of how large the store is. */
  | { readonly _tag: "Ledger" }
  /** What was damaged, and was put aside by `verify`. */
  | { readonly _tag: "Quarantined" }
  /** What the store says of its format. */
  | { readonly _tag: "Format" }
  /** What is written aside until it gets its name, or was left by somebody who died. */
  | { readonly _tag: "Unfinished" }
  /** Nothing of a store's. */
  | { readonly _tag: "Stranger" }

/** A file of a store. */
export interface Lying {
  readonly content: Content
  readonly file: string
  readonly bytes: number
  /** When it was written, in milliseconds since 1970, by the clock of the file system. */
  readonly modified: number
  /** When it last changed in any way, got another name among others, in milliseconds by the same clock: nobody can set that. */
  readonly changed: number
  /** What all names of the same bytes have in common. */
  readonly inode: string
  /** The same bytes have so many names: they are free when all of these are gone. */
  readonly names: number
}

const isDigest = Schema.is(Digest)
const isKey = Schema.is(Key)

const STRANGER: Content = { _tag: "Stranger" }

/** The name without its ending; null where it has another. */
const before = (name: string, ending: string): string | null =>
  name.endsWith(ending) ? name.slice(0, -ending.length) : null

const keyed = (name: string, ending: string, content: (key: Key) => Content): Content => {
  const key = before(name, ending)
  return key !== null && isKey(key) ? content(key) : STRANGER
}

const inTraces = ([stage = "", ...rest]: ReadonlyArray<string>): Content => {
  const [first = "", second] = rest
  if (rest.length === 1) return keyed(first, ".json", (key) => ({ _tag: "Trace", stage, key }))
  if (rest.length !== 2 || second === undefined) return STRANGER
  if (first === "chunks") return keyed(second, ".json", (key) => ({ _tag: "ChunkTrace", stage, key }))
  if (first === "printed") return keyed(second, ".txt", (key) => ({ _tag: "Printed", stage, key }))
  return STRANGER
}

const inRuns = ([name = "", ...rest]: ReadonlyArray<string>): Content => {
  if (rest.length > 0) return STRANGER
  const run = before(name, ".json")
  if (run !== null) return { _tag: "Record", run }
  const page = before(name, ".html")
  return page === null ? STRANGER : { _tag: "Page", run: page }
}

const ofRuns =
  (_tag: "Begun" | "Live" | "Marks", ending: string) =>
  ([name = "", ...rest]: ReadonlyArray<string>): Content => {
    const run = rest.length > 0 ? null : before(name, ending)
    return run === null ? STRANGER : { _tag, run }
  }

const inObjects = ([folder = "", name = "", ...rest]: ReadonlyArray<string>): Content =>
  rest.length === 0 && isDigest(name) && name.startsWith(folder) && folder.length === 2
    ? { _tag: "Object", object: name }
    : STRANGER

/** What the folders of a store hold, by what is below them. */
const FOLDERS = new Map<string, (below: ReadonlyArray<string>) => Content>(
  Object.entries({
    objects: inObjects,
    traces: inTraces,
    runs: inRuns,
    sweeps: inRuns,
    begun: ofRuns("Begun", ".json"),
    live: ofRuns("Live", ".jsonl"),
    marks: ofRuns("Marks", ".json"),
    accepted: () => ({ _tag: "Acceptance" as const }),
    uploads: () => ({ _tag: "Upload" as const }),
    leases: () => ({ _tag: "Lease" as const }),
    downloads: () => ({ _tag: "Download" as const }),
    sources: () => ({ _tag: "Source" as const }),
    build: () => ({ _tag: "Build" as const }),
    using: () => ({ _tag: "Using" as const }),
    pins: () => ({ _tag: "Pin" as const }),
    gc: () => ({ _tag: "Ledger" as const }),
    ui: () => ({ _tag: "Index" as const }),
    quarantine: () => ({ _tag: "Quarantined" as const })
  })
)

/** What the file of this name is, below the store's folder. */
export const contentOf = (name: string): Content => {
  const [folder = "", ...below] = name.split("/")
  if (below.some(Unfinished.is) || Unfinished.is(folder)) return { _tag: "Unfinished" }
  if (below.length === 0) return folder === "store.json" ? { _tag: "Format" } : STRANGER
  return FOLDERS.get(folder)?.(below) ?? STRANGER
}

const entriesOf = (folder: string): ReadonlyArray<Dirent> => {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    // it went away, is no folder, or may not be read: what is in it is nobody's to count
    return []
  }
}

/**
 * Walks through the store under `home`, and gives what lies there to `visit`, folder by folder: 100,000 files take about a
 * second. What goes away meanwhile is left out. Files are looked at at once, for a promise a file would cost several times as much; timers and
 * signals have their turn after each folder that has some, so that whoever interrupts waits for one at most.
 */
export const walk = <E, R>(
  home: string,
  visit: (lying: ReadonlyArray<Lying>) => Effect.Effect<void, E, R>
): Effect.Effect<void, E, R> => {
  const walkFolder = (below: ReadonlyArray<string>): Effect.Effect<void, E, R> =>
    Effect.suspend(() => {
      const folder = path.join(home, ...below)
      const lying: Array<Lying> = []
      const folders: Array<string> = []
      for (const entry of entriesOf(folder)) {
        if (entry.isDirectory()) folders.push(entry.name)
        else {
          const file = path.join(folder, entry.name)
          // of a link, not of what it leads to
          const stat = lstatSync(file, { throwIfNoEntry: false })
          if (stat === undefined) continue
          lying.push({
            content: entry.isFile() ? contentOf([...below, entry.name].join("/")) : STRANGER,
            file,
            bytes: stat.size,
            modified: stat.mtimeMs,
            changed: stat.ctimeMs,
            inode: `${stat.dev} ${stat.ino}`,
            names: stat.nlink
          })
        }
      }
      return Effect.zipRight(
        lying.length === 0 ? Effect.void : Effect.zipRight(visit(lying), EventLoop.turn),
        Effect.forEach(folders, (name) => walkFolder([...below, name]), { discard: true })
      )
    })
  return walkFolder([])
}
