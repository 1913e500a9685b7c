import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect } from "effect"
import * as Disk from "./disk.ts"
import { tidyLease } from "./lease-disk.ts"
import { here, type System } from "./lease-holder.ts"
import * as Using from "./Using.ts"
import * as Unfinished from "./unfinished.ts"

/** Nobody writes one file for this long. */
export const ABANDONED_MILLIS = 24 * 3600 * 1000

/** The time in milliseconds by the clock that stamps changes of files under `home`: that of a file made just now. */
export const fileSystemNow = async (home: string): Promise<number> => {
  const probe = Unfinished.nameIn(home)
  await fs.writeFile(probe, "", { flag: "wx" })
  try {
    return (await fs.stat(probe)).ctimeMs
  } finally {
    await Disk.tidyAway(probe)
  }
}

const changedMillis = (file: string): Promise<number> =>
  fs.lstat(file).then(
    ({ ctimeMs }) => ctimeMs,
    () => Number.POSITIVE_INFINITY
  )

/** A folder of the store in which something is written before it gets its name, and how deep below it. */
type Written = readonly [folder: string, deep: number]

/** Where results lie, in folders by the thousand: who writes there says before that he uses the store (`Using`). */
const RESULTS: ReadonlyArray<Written> = [
  ["objects", 1],
  ["traces", 2]
]
const OTHERS: ReadonlyArray<Written> = [
  ["runs", 0],
  ["sweeps", 0],
  ["begun", 0],
  ["live", 0],
  ["marks", 0],
  ["ui", 0],
  ["uploads", 0],
  ["pins", 0],
  ["accepted", 0],
  ["gc", 0],
  ["sources", 0],
  // a source's own files, which may be many, lie below
  ["sources/files", 1],
  ["downloads", 1],
  // the word of a store is written in its own folder
  ["", 0]
]

const namesIn = (folder: string) => fs.readdir(folder).catch(() => [])

const tidyFolder = async (folder: string, deep: number, before: number, system: System): Promise<void> => {
  for (const name of await namesIn(folder)) {
    if (!Unfinished.is(name)) continue
    const file = path.join(folder, name)
    if (Unfinished.isAbandoned(name, system) || (await changedMillis(file)) < before)
      await fs.rm(file, { force: true, recursive: true }).catch(() => undefined)
  }
  if (deep === 0) return
  for (const entry of await fs.readdir(folder, { withFileTypes: true }).catch(() => []))
    if (entry.isDirectory() && !Unfinished.is(entry.name))
      await tidyFolder(path.join(folder, entry.name), deep - 1, before, system)
}

const tidyStore = async (home: string, folders: ReadonlyArray<Written>, before: number, system: System) => {
  for (const [folder, deep] of folders) await tidyFolder(path.join(home, folder), deep, before, system)
  const leases = path.join(home, "leases")
  // those that are being made lie there too, under names of their own
  for (const name of await namesIn(leases))
    await tidyLease(path.join(leases, name), before, system).catch(() => undefined)
}

/** What stands for a store's clock in tests. */
type Now = (home: string) => Promise<number>

/**
 * Removes from the store what killed processes left: unfinished files, which are as large as chunks, and leases of keys that nobody
 * asks for. Of a process of this machine it is known at once that it was killed, of any other after a day, by the file system's
 * clock, which stamps every change of a file: that of whoever wrote it may be set to anything. What cannot be removed stays.
 */
export const tidy = (home: string, now: Now = fileSystemNow, system: System = here): Effect.Effect<void> =>
  Effect.tryPromise(async () =>
    tidyStore(home, [...RESULTS, ...OTHERS], (await now(home)) - ABANDONED_MILLIS, system)
  ).pipe(Effect.ignore)

/**
 * The same at the end of a command. One that made no results looks through those only where a process that used the store is gone without
 * having said so. Its mark goes last: a command that is killed on the way leaves it to the next.
 */
export const tidyAfter = (
  home: string,
  hasWritten: boolean,
  now: Now = fileSystemNow,
  system: System = here
): Effect.Effect<void> =>
  Effect.tryPromise(async () => {
    const before = (await now(home)) - ABANDONED_MILLIS
    const left = Using.leftIn(home, before, system)
    const isWhole = hasWritten || left.length > 0
    await tidyStore(home, isWhole ? [...RESULTS, ...OTHERS] : OTHERS, before, system)
    for (const mark of left) await fs.rm(mark, { force: true, recursive: true })
  }).pipe(Effect.ignore)
