import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect } from "effect"
import * as Disk from "../../cache/disk.ts"
import * as LeaseHolder from "../../cache/lease-holder.ts"
import type { TasksFailed } from "../Tasks.ts"
import { attempt, type TaskFiles } from "./TaskFiles.ts"

// Which commands wait for a task: a file each, so that none ends a job that another waits for.

/** Says that a command waits for a task. */
export const add = ({ waiting }: TaskFiles, command: string): Effect.Effect<void, TasksFailed> =>
  attempt("Writing", waiting, () => fs.writeFile(`${waiting}${command}`, LeaseHolder.written(LeaseHolder.here.self())))

/** Whether the command that a file speaks of was killed on this machine. Of another's nobody here knows: it may wait. */
export const isGone = (file: string): boolean => {
  const holder = LeaseHolder.readFrom(file)
  return holder !== null && LeaseHolder.here.isGone(holder)
}

/** Takes that back, and says whether another command waits for it. */
export const remove = ({ folder, waiting }: TaskFiles, command: string): Effect.Effect<boolean> =>
  Effect.promise(async () => {
    await Disk.tidyAway(`${waiting}${command}`)
    const names = await fs.readdir(folder).catch(() => [])
    const others = names
      .filter((name) => name.startsWith(path.basename(waiting)))
      .map((name) => path.join(folder, name))
    const gone = others.filter(isGone)
    await Promise.all(gone.map(Disk.tidyAway))
    return gone.length < others.length
  })
