import { randomBytes } from "node:crypto"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect } from "effect"
import * as Disk from "../../cache/disk.ts"
import type { ComputeNode } from "../../engine/WorkerProtocol.ts"
import { nameOf, type TasksFailed } from "../Tasks.ts"
import { attempt, type Place } from "./TaskFiles.ts"

// Which job computes a key, so that no second one does: a folder a key, with one file in it whose name is the place of the task. A rename
// puts a folder where there is none or an empty one, and nowhere else; a claim that is stale is removed by the name of its file, and never its
// successor.

const folderOf = (root: string, task: Pick<ComputeNode, "key" | "isAgain" | "range">): string =>
  path.join(root, "claims", nameOf(task))

const fileOf = ({ array, index }: Place): string => `${array}.${index}`
const placeOf = (file: string): Place | null => {
  const [, array, index] = /^([\w-]+)\.(\d+)$/.exec(file) ?? []
  return array === undefined || index === undefined ? null : { array, index: Number(index) }
}

/** What the system says where a folder with something in it has the name. */
const HELD = ["ENOTEMPTY", "EEXIST"]

/** Claims a task for a place, and says whether nobody else had. */
export const take = (root: string, task: ComputeNode, place: Place): Effect.Effect<boolean, TasksFailed> => {
  const folder = folderOf(root, task)
  return attempt("Claiming", folder, async () => {
    const aside = `${folder}.new-${randomBytes(6).toString("hex")}`
    await Disk.makeDirectory(aside)
    await fs.writeFile(path.join(aside, fileOf(place)), "")
    try {
      await fs.rename(aside, folder)
      return true
    } catch (cause) {
      await fs.rm(aside, { force: true, recursive: true })
      if (!HELD.includes(Disk.codeOf(cause) ?? "")) throw cause
      return false
    }
  })
}

/** The place for which a task is claimed; null for none. */
export const find = (root: string, task: ComputeNode): Effect.Effect<Place | null> =>
  Effect.promise(async () => {
    const [file = ""] = await fs.readdir(folderOf(root, task)).catch(() => [])
    return placeOf(file)
  })

/** Gives up the claim of a place; another's stays. */
export const release = (root: string, task: ComputeNode, place: Place): Effect.Effect<void> =>
  Effect.promise(async () => {
    const folder = folderOf(root, task)
    await Disk.tidyAway(path.join(folder, fileOf(place)))
    await fs.rmdir(folder).catch(() => undefined)
  })
