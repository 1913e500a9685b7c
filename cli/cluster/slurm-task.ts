import { Effect } from "effect"
import { type Command, type Project, plain } from "../command/Command.ts"
import { commonFor } from "./on.ts"
import { telling } from "./telling.ts"

/** What a job of `--on slurm` runs: it computes the task that lies in a file. */
export const slurmTask = <S>({ pipelines }: Project<S>): Command<S> =>
  plain<S>({
    name: "slurm-task",
    description: "Compute a task of a Slurm job; run --on slurm submits them",
    isHidden: true,
    args: [{ name: "FILE", description: "the task's file" }],
    remote: "write",
    run: ({ args: [file = ""] }) =>
      Effect.gen(function* () {
        const { performTask } = yield* Effect.promise(() => import("../../cluster/slurm/perform-task.ts"))
        const { layer } = yield* commonFor("slurm")
        yield* Effect.provide(performTask(pipelines, file, process.env), layer)
        return 0
      }).pipe(telling)
  })
