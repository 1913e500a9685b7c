import { randomBytes } from "node:crypto"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as Disk from "./disk.ts"

// A claim that one of many has: a folder with one file in it, whose name nobody else's claim has. A rename puts a folder in the place of
// nothing or of an empty one, and nowhere else; so a stale claim is removed by the name of its file, and never its successor.

/** What the system says where a folder with something in it has the name. */
const HELD = ["ENOTEMPTY", "EEXIST"]

/** Claims a place, whose parent is there, by a file; whether nobody else had. Fails where the system refuses otherwise. */
export const take = async (place: string, file: string, text: string): Promise<boolean> => {
  const aside = `${place}.new-${randomBytes(12).toString("hex")}`
  try {
    await fs.mkdir(aside)
    await fs.writeFile(path.join(aside, file), text)
    await fs.rename(aside, place)
    return true
  } catch (cause) {
    await fs.rm(aside, { force: true, recursive: true }).catch(() => undefined)
    if (!HELD.includes(Disk.codeOf(cause) ?? "")) throw cause
    return false
  }
}

/** Gives up the claim of a file. What cannot be removed falls silent; a folder that somebody else has claimed since stays. */
export const release = async (place: string, file: string): Promise<void> => {
  await Disk.tidyAway(path.join(place, file))
  await fs.rmdir(place).catch(() => undefined)
}
