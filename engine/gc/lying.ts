import { readFileSync, statSync } from "node:fs"
import * as path from "node:path"
import { Effect } from "effect"
import type { Digest } from "../../artifacts/Digest.ts"
import * as Contents from "../../cache/Contents.ts"
import type { Key } from "../../cache/Key.ts"
import * as Unfinished from "../../cache/unfinished.ts"

type Lying = Contents.Lying

/** Files that go together, as one folder. */
export interface Folder {
  readonly folder: string
  readonly name: string
  readonly files: Array<Lying>
}

/** What lies in a store, by what it is. */
export interface Sorted {
  readonly objects: Map<Digest, Lying>
  readonly traces: Array<{
    readonly stage: string
    readonly key: Key
    readonly lying: Lying
    readonly isChunk: boolean
  }>
  readonly printed: Map<string, Lying>
  readonly records: Array<{ readonly run: string; readonly lying: Lying }>
  readonly pages: Array<{ readonly run: string; readonly lying: Lying }>
  /** What runs tell of themselves while they go on. */
  readonly live: Array<Lying>
  /** Keys of what is still to be uploaded. */
  readonly uploads: Set<string>
  readonly downloads: Array<Lying>
  readonly builds: Map<string, Folder>
  /** Of other machines, by digest. */
  readonly sources: Map<string, Folder>
  readonly unfinished: Map<string, Folder>
  /** What was found to be wrong and put aside. */
  readonly quarantined: Array<Lying>
  /** What the store says of itself, and what is remembered. */
  readonly own: Array<Lying>
}

const empty = (): Sorted => ({
  objects: new Map(),
  traces: [],
  printed: new Map(),
  records: [],
  pages: [],
  live: [],
  uploads: new Set(),
  downloads: [],
  builds: new Map(),
  sources: new Map(),
  unfinished: new Map(),
  quarantined: [],
  own: []
})

const into = (folders: Map<string, Folder>, folder: string, lying: Lying): void => {
  const found = folders.get(folder)
  if (found === undefined) folders.set(folder, { folder, name: path.basename(folder), files: [lying] })
  else found.files.push(lying)
}

const KEY_DIGITS = 64

/** Puts a file where it belongs. `names`: of the folders down to it, and its own. */
const sort = (home: string, sorted: Sorted, names: ReadonlyArray<string>, lying: Lying): void => {
  const { content } = lying
  const below = (depth: number) => path.join(home, ...names.slice(0, depth))
  switch (content._tag) {
    case "Object":
      sorted.objects.set(content.object, lying)
      break
    case "Trace":
    case "ChunkTrace":
      sorted.traces.push({ stage: content.stage, key: content.key, lying, isChunk: content._tag === "ChunkTrace" })
      break
    case "Printed":
      sorted.printed.set(content.key, lying)
      break
    case "Record":
      sorted.records.push({ run: content.run, lying })
      break
    case "Page":
      sorted.pages.push({ run: content.run, lying })
      break
    case "Live":
      sorted.live.push(lying)
      break
    case "Upload":
      sorted.own.push(lying)
      sorted.uploads.add((names.at(-1) ?? "").slice(0, KEY_DIGITS))
      break
    case "Download":
      sorted.downloads.push(lying)
      break
    case "Build":
      if (names.length > 2) into(sorted.builds, below(2), lying)
      else sorted.own.push(lying)
      break
    case "Source":
      if (names[1] === "files" && names.length > 3) into(sorted.sources, below(3), lying)
      else sorted.own.push(lying)
      break
    case "Quarantined":
      sorted.quarantined.push(lying)
      break
    case "Unfinished":
      into(sorted.unfinished, below(names.findIndex(Unfinished.is) + 1), lying)
      break
    case "Lease":
    case "Using":
    case "Pin":
    case "Ledger":
    case "Acceptance":
    case "Begun":
    case "Marks":
    case "Index":
    case "Format":
      sorted.own.push(lying)
      break
    case "Stranger":
      // it is nobody's to count, and nobody's to remove
      break
  }
}

/** All that lies in a store; `onFiles` hears of so many more at a time. */
export const sortAll = <R>(
  home: string,
  onFiles: (count: number) => Effect.Effect<void, never, R>
): Effect.Effect<Sorted, never, R> =>
  Effect.gen(function* () {
    const sorted = empty()
    yield* Contents.walk(home, (found) =>
      Effect.suspend(() => {
        for (const lying of found) sort(home, sorted, path.relative(home, lying.file).split(path.sep), lying)
        return onFiles(found.length)
      })
    )
    return sorted
  })

/** The build that the next command starts from; null where nobody can tell. */
export const currentBuild = (home: string): string | null => {
  try {
    const { id } = JSON.parse(readFileSync(path.join(home, "build", "current.json"), "utf8"))
    return typeof id === "string" ? id : null
  } catch {
    return null
  }
}

/** When a folder was last used by a command that starts from it, which touches it. */
export const touchedMillis = (folder: string): number =>
  statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY
