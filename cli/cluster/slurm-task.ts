import { Effect } from "effect"
import { WroteListener } from "../../cluster/Work.ts"
import type { Place } from "../../project/Place.ts"
import { keepWithin } from "../budget/housekeeping.ts"
import { type Command, type Project, plain } from "../command/Command.ts"
import type { Reporter } from "../terminal/Reporter.ts"
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
        const place = yield* Effect.context<Place | Reporter>()
        // at the end of this process, which is that of its one task
        const wrote = (bytes: number) => Effect.ignore(Effect.sandbox(Effect.provide(keepWithin(bytes), place)))
        yield* Effect.provide(performTask(pipelines, file, process.env), layer).pipe(
          Effect.provideService(WroteListener, wrote)
        )
        return 0
      }).pipe(telling)
  })
