import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect } from "effect"
import * as Disk from "./disk.ts"
import { tidyLease } from "./lease-disk.ts"

/** Nobody writes one file for this long. */
export const ABANDONED_MILLIS = 24 * 3600 * 1000

/** The time in milliseconds by the clock that stamps changes of files under `home`: that of a file made just now. */
export const fileSystemNow = async (home: string): Promise<number> => {
  const probe = Disk.unfinishedIn(home)
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

const tidyFolder = async (folder: string, before: number): Promise<void> => {
  const entries = await fs.readdir(folder, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) await tidyFolder(file, before)
    else if (Disk.isUnfinished(entry.name) && (await changedMillis(file)) < before) await Disk.tidyAway(file)
  }
}

/**
 * Removes from the store what killed processes left a day ago: unfinished files, which are as large as chunks, and leases
 * of keys that nobody asks for. What cannot be removed stays. A day is one of the file system's clock, which stamps every
 * change of a file: that of whoever wrote it may be set to anything.
 */
export const tidy = (home: string, now: (home: string) => Promise<number> = fileSystemNow): Effect.Effect<void> =>
  Effect.tryPromise(async () => {
    const before = (await now(home)) - ABANDONED_MILLIS
    for (const folder of ["objects", "traces", "runs", "sweeps", "uploads"])
      await tidyFolder(path.join(home, folder), before)
    const leases = path.join(home, "leases")
    const names = await fs.readdir(leases).catch(() => [])
    // those that are being made lie there too, under names of their own
    for (const name of names) await tidyLease(path.join(leases, name), before).catch(() => undefined)
  }).pipe(Effect.ignore)
