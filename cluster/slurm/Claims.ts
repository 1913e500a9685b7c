import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect } from "effect"
import * as ClaimedFolder from "../../cache/claimed-folder.ts"
import * as Disk from "../../cache/disk.ts"
import type { ComputeNode } from "../../engine/WorkerProtocol.ts"
import { nameOf, type TasksFailed } from "../Tasks.ts"
import { attempt, type Place } from "./TaskFiles.ts"

// Which job computes a key, so that no second one does: a claim a key, by a file whose name is the place of the task.

const claimsIn = (root: string): string => path.join(root, "claims")
const folderOf = (root: string, task: Pick<ComputeNode, "key" | "isAgain" | "range">): string =>
  path.join(claimsIn(root), nameOf(task))

const fileOf = ({ array, index }: Place): string => `${array}.${index}`
const placeOf = (file: string): Place | null => {
  const [, array, index] = /^([\w-]+)\.(\d+)$/.exec(file) ?? []
  return array === undefined || index === undefined ? null : { array, index: Number(index) }
}

/** Claims a task for a place, and says whether nobody else had. */
export const take = (root: string, task: ComputeNode, place: Place): Effect.Effect<boolean, TasksFailed> => {
  const folder = folderOf(root, task)
  return attempt("Claiming", folder, async () => {
    await Disk.makeDirectory(path.dirname(folder))
    return ClaimedFolder.take(folder, fileOf(place), "")
  })
}

const claimedIn = async (folder: string): Promise<Place | null> => {
  const [file = ""] = await fs.readdir(folder).catch(() => [])
  return placeOf(file)
}

/** The place for which a task is claimed; null for none. */
export const find = (root: string, task: ComputeNode): Effect.Effect<Place | null> =>
  Effect.promise(() => claimedIn(folderOf(root, task)))

/** A claim, whoever has it. */
export interface Claim {
  readonly folder: string
  readonly place: Place
}

/** All claims there are. */
export const all = async (root: string): Promise<ReadonlyArray<Claim>> => {
  const names = await fs.readdir(claimsIn(root)).catch(() => [])
  const claims: Array<Claim> = []
  for (const name of names) {
    const folder = path.join(claimsIn(root), name)
    const place = await claimedIn(folder)
    if (place !== null) claims.push({ folder, place })
  }
  return claims
}

/** Gives up a claim that nobody wants any more; another's of the same task stays. */
export const giveUp = ({ folder, place }: Claim): Promise<void> => ClaimedFolder.release(folder, fileOf(place))

/** Gives up the claim of a task for a place. */
export const release = (root: string, task: ComputeNode, place: Place): Effect.Effect<void> =>
  Effect.promise(() => giveUp({ folder: folderOf(root, task), place }))
