import * as fs from "node:fs"
import * as path from "node:path"
import { Effect, Layer } from "effect"
import * as Lease from "../../cache/Lease.ts"
import * as RemoteAddress from "../../cache/remote/RemoteAddress.ts"
import * as ExecutorElsewhere from "../../cluster/executor-elsewhere.ts"
import * as Slurm from "../../cluster/slurm/Slurm.ts"
import * as SlurmOptions from "../../cluster/slurm/slurm-options.ts"
import * as TasksSlurm from "../../cluster/slurm/tasks-slurm.ts"
import * as Machine from "../../engine/Machine.ts"
import { Place } from "../../project/Place.ts"
import type { Common } from "../remote/Stores.ts"
import { telling } from "./telling.ts"

/** Where the jobs of a cluster and their commands have their files: in the shared store where that is a folder, else beside the cache. */
const folderIn = (home: string, remote: string | null): string => path.join(remote ?? home, "slurm")

export interface Options {
  readonly common: Common
  /** Options of sbatch, as one text. */
  readonly slurmOptions: string
}

/** Carries something out by jobs of a Slurm cluster. A login node is nobody's to compute on: this machine computes nothing. */
export const onSlurm = <A, E, R>({ common, slurmOptions }: Options, carried: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const { home, root, workingDirectory } = yield* Place
    const options = yield* SlurmOptions.parse(slurmOptions)
    const threads = yield* Machine.threads
    const remote = yield* RemoteAddress.parse(process.env.PIPELINE_REMOTE ?? "", process.env, workingDirectory)
    const folder = remote._tag === "Folder" ? remote.folder : null
    const tasks = TasksSlurm.layer({
      slurm: Slurm.make(process.env),
      root: folderIn(home, folder),
      options,
      threads,
      job: {
        project: root,
        launcher: fs.realpathSync(process.argv[1] ?? ""),
        env: {
          PIPELINE_HOME: home,
          // facts are those of the machine that asks
          PIPELINE_THREADS: String(threads),
          // a job begins in the project's folder, wherever the command was given
          ...(folder === null ? {} : { PIPELINE_REMOTE: folder })
        }
      }
    })
    const elsewhere = Layer.provide(ExecutorElsewhere.layer, tasks)
    // jobs lease what they compute, and may do so in this machine's own store
    return yield* Effect.provide(carried, Layer.mergeAll(elsewhere, Lease.layerMemory))
  }).pipe(Effect.provide(common.layer), telling)
