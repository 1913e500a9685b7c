import * as fs from "node:fs/promises"
import * as path from "node:path"
import { setTimeout } from "node:timers/promises"
import { Effect } from "effect"
import * as Disk from "../../cache/disk.ts"
import { TasksFailed } from "../Tasks.ts"

/** A table of a hundred thousand chunks is named in less. */
export const MOST_TASK_BYTES = 64 * 1024 * 1024
/** As many as a trace has that is signed, and what a node printed. */
export const MOST_ANSWER_BYTES = 256 * 1024 * 1024

/** A task's place: an element of an array of jobs. */
export interface Place {
  /** The array's name in Slurm's queue, and of the folder of its files. */
  readonly array: string
  readonly index: number
}

export interface TaskFiles {
  /** The folder of its array. */
  readonly folder: string
  /** What is to be computed, as `Need.Told` writes it. */
  readonly task: string
  readonly answer: string
  /** What is said of it meanwhile, a line each. */
  readonly said: string
  /** What its job prints. */
  readonly output: string
  /** Says that a command waits for it: the name of the file, but for the command's own at its end. */
  readonly waiting: string
}

const ENDINGS = { answer: ".answer.json", said: ".said.jsonl", output: ".out", waiting: ".waiting-" }

export const arraysIn = (root: string): string => path.join(root, "arrays")
export const folderOf = (root: string, array: string): string => path.join(arraysIn(root), array)
export const outputPattern = (root: string, array: string): string =>
  path.join(folderOf(root, array), `%a${ENDINGS.output}`)

const around = (folder: string, name: string): TaskFiles => {
  const at = (ending: string) => path.join(folder, `${name}${ending}`)
  return {
    folder,
    task: at(".json"),
    answer: at(ENDINGS.answer),
    said: at(ENDINGS.said),
    output: at(ENDINGS.output),
    waiting: at(ENDINGS.waiting)
  }
}
export const at = (root: string, { array, index }: Place): TaskFiles => around(folderOf(root, array), String(index))
/** The files of the task that lies in one, as a job knows it. */
export const beside = (task: string): TaskFiles => around(path.dirname(task), path.basename(task, ".json"))

/** What a file is called in its folder. */
export const nameIn = (folder: string, file: string): string => path.relative(folder, file)

/** A failed system call on what the jobs of a cluster and their commands have in common. */
export const failed = (doing: string, file: string, cause: unknown): TasksFailed =>
  new TasksFailed({
    what: `${doing} ${file} failed (${Disk.causeText(cause)})`,
    expected: "a folder that this machine and the nodes of the cluster share, that you may write to, with room",
    fix: "Correct its permissions, free some space, or let PIPELINE_REMOTE name another folder."
  })

export const attempt = <A>(doing: string, file: string, run: () => Promise<A>): Effect.Effect<A, TasksFailed> =>
  Effect.tryPromise({ try: run, catch: (cause) => failed(doing, file, cause) })

/** A file that says that a command waits for a task. */
export const isWaiting = (name: string): boolean => name.includes(ENDINGS.waiting)

/** A file that somebody still needs: a task, or that a command waits for one. */
const isNeeded = (name: string): boolean => /^\d+\.json$/.test(name) || isWaiting(name)

/** A job that is ended while it starts may make its output once its task is gone: so often it is looked for that, so long after another. */
const STRAYS = { looks: 5, millis: 50 }

/** Removes a folder in which nothing is left that somebody needs, with what jobs that were ended have left there. */
const removeFolder = async (folder: string, looks: number): Promise<void> => {
  const isRemoved = await fs.rmdir(folder).then(
    () => true,
    () => false
  )
  const names = isRemoved ? [] : await fs.readdir(folder).catch(() => [])
  if (names.length === 0 || names.some(isNeeded) || looks === 0) return
  await Promise.all(names.map((name) => Disk.tidyAway(path.join(folder, name))))
  if (looks < STRAYS.looks) await setTimeout(STRAYS.millis)
  await removeFolder(folder, looks - 1)
}

/** Removes the files of a task, and the folder of its array with the last of them. What can't be removed stays, and stops nobody. */
export const remove = (root: string, place: Place): Effect.Effect<void> =>
  Effect.promise(async () => {
    const { folder, task, answer, said, output } = at(root, place)
    await Promise.all([task, answer, said, output].map(Disk.tidyAway))
    await removeFolder(folder, STRAYS.looks)
  })
