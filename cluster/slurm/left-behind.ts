import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Array as Arr, Effect, Either } from "effect"
import * as Disk from "../../cache/disk.ts"
import { ABANDONED_MILLIS, fileSystemNow } from "../../cache/tidy.ts"
import * as Claims from "./Claims.ts"
import * as Queue from "./Queue.ts"
import type { Slurm } from "./Slurm.ts"
import * as TaskFiles from "./TaskFiles.ts"
import * as Waiters from "./Waiters.ts"

// What commands that were killed have left, of tasks that nobody asked for again: who does takes them up.

/** So many arrays are asked after at once: their names are arguments of one command. */
const NAMES_AT_ONCE = 200

const namesIn = (folder: string): Promise<ReadonlyArray<string>> => fs.readdir(folder).catch(() => [])

/** Nothing in the folder changed since, by the clock of whoever stamps its files. */
const isOlder = async (folder: string, names: ReadonlyArray<string>, before: number): Promise<boolean> => {
  for (const file of [folder, ...names.map((name) => path.join(folder, name))]) {
    const stat = await fs.lstat(file).catch(() => null)
    if (stat !== null && stat.ctimeMs >= before) return false
  }
  return true
}

/**
 * Whether nobody waits for any task of an array: every command that did was killed on this machine. Of another machine's that is never
 * known; there, nobody waits where nothing has happened for a day, since whoever waits hears at once of a job that is over.
 */
const isLeft = async (folder: string, before: number): Promise<boolean> => {
  const names = await namesIn(folder)
  const waiting = names.filter(TaskFiles.isWaiting)
  if (waiting.length > 0 && waiting.every((name) => Waiters.isGone(path.join(folder, name)))) return true
  return isOlder(folder, names, before)
}

/** Of arrays, those of which no job waits or runs. A queue that does not answer has all of them. */
const over = (slurm: Slurm, arrays: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<string>> =>
  Effect.map(Effect.either(Queue.look(slurm, arrays)), (rows) => {
    if (Either.isLeft(rows)) return []
    const live = new Set(rows.right.filter((row) => !Queue.isOver(row)).map(({ name }) => name))
    return arrays.filter((array) => !live.has(array))
  })

/** Removes an array's files, unless a command joins in meanwhile: it finds no claim from here on, and asks for a job of its own. */
const remove = async (root: string, array: string, claims: ReadonlyArray<Claims.Claim>, before: number) => {
  for (const claim of claims) if (claim.place.array === array) await Claims.giveUp(claim)
  const folder = TaskFiles.folderOf(root, array)
  if (!(await isLeft(folder, before))) return
  for (const name of await namesIn(folder)) await Disk.tidyAway(path.join(folder, name))
  await fs.rmdir(folder).catch(() => undefined)
}

/**
 * Removes tasks, answers and claims that killed commands have left, once their jobs are over: results lie in the shared store. What
 * can't be removed stays, and stops nobody.
 */
export const tidy = (
  slurm: Slurm,
  root: string,
  now: (folder: string) => Promise<number> = fileSystemNow
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { left, claims, before } = yield* Effect.tryPromise(async () => {
      // a claim's folder is made before it: one that is listed, and whose folder is not there after that, is nobody's
      const claims = await Claims.all(root)
      const before = (await now(root)) - ABANDONED_MILLIS
      const arrays = await namesIn(TaskFiles.arraysIn(root))
      const there = new Set(arrays)
      for (const claim of claims) if (!there.has(claim.place.array)) await Claims.giveUp(claim)
      const left: Array<string> = []
      for (const array of arrays) if (await isLeft(TaskFiles.folderOf(root, array), before)) left.push(array)
      return { left, claims, before }
    })
    for (const arrays of Arr.chunksOf(left, NAMES_AT_ONCE))
      for (const array of yield* over(slurm, arrays))
        yield* Effect.tryPromise(() => remove(root, array, claims, before))
  }).pipe(Effect.ignore)
