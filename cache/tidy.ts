import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect } from "effect"
import * as Disk from "./disk.ts"
import { tidyLease } from "./lease-disk.ts"

/** What a process leaves behind when it is killed in the middle of a write. */
const UNFINISHED = /^\.tmp-|\.new-[0-9a-f]+$|\.steal-[0-9a-z]+$/
/** Nobody writes one file for this long. */
const ABANDONED_MILLIS = 24 * 3600 * 1000

const tidyFolder = async (folder: string): Promise<void> => {
  const entries = await fs.readdir(folder, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) await tidyFolder(file)
    else if (UNFINISHED.test(entry.name)) {
      const stat = await fs.stat(file).catch(() => null)
      if (stat !== null && Date.now() - stat.mtimeMs > ABANDONED_MILLIS) await Disk.tidyAway(file)
    }
  }
}

/**
 * Removes from the store what killed processes left a day ago: unfinished files, which are as large as chunks, and leases
 * of keys that nobody asks for. What cannot be removed stays.
 */
export const tidy = (home: string): Effect.Effect<void> =>
  Effect.promise(async () => {
    for (const folder of ["objects", "traces", "leases", "runs", "sweeps"]) await tidyFolder(path.join(home, folder))
    const leases = path.join(home, "leases")
    const names = await fs.readdir(leases).catch(() => [])
    for (const name of names.filter((each) => each.endsWith(".json")))
      await tidyLease(path.join(leases, name), ABANDONED_MILLIS)
  })
