import { Context, type Effect, Effect as Fx } from "effect"
import * as Explained from "../artifacts/Explained.ts"
import type { Limits } from "../engine/Limits.ts"
import type { ComputeNode } from "../engine/WorkerProtocol.ts"
import type { Answer, Said } from "./Answer.ts"
import type { Need } from "./Need.ts"

/** A task for machines elsewhere. */
export interface Handed {
  readonly request: ComputeNode
  readonly need: Need
  /** What computing it may take, for whoever sets something aside for that. */
  readonly limits: Limits
  /** Hears what is said of it. */
  readonly hear: (said: Said) => Effect.Effect<void>
}

/**
 * What a task is called: whoever asks for the same calls it so, and joins in. What is computed once more, although there is a result, is another
 * task than what is computed for the first time.
 */
export const nameOf = ({ key, isAgain, range }: Pick<ComputeNode, "key" | "isAgain" | "range">): string =>
  // a name of digits alone would be taken for a number that BullMQ gave
  `${isAgain ? "again" : range === null ? "task" : `chunks-${range.from}-${range.to}`}-${key}`

/** Whoever hands tasks out does not, and will not: another address, other rights or another cluster may. */
export class TasksFailed extends Explained.TaggedError<TasksFailed>()(
  "TasksFailed",
  Explained.fields,
  ({ what, expected, fix }) => ({ what, expected, fix })
) {}

/**
 * Machines elsewhere that compute tasks. What they make lies in the shared store before they answer, so that nothing is lost with
 * whoever carries the tasks: a task that is handed out twice is computed by one of them, or found.
 */
export class Tasks extends Context.Tag("headrace/Tasks")<
  Tasks,
  {
    /**
     * Has a task computed, and waits for what comes of it. Waits as well while nobody can be asked or computes it; what keeps it
     * waiting is told through `ClusterListener`. Interrupted, it calls the task off, where nobody else waits for it.
     */
    readonly compute: (task: Handed) => Effect.Effect<Answer, TasksFailed>
    /** How many tasks like it are computed side by side at most, as far as is known. */
    readonly width: (task: Handed) => Effect.Effect<number, TasksFailed>
  }
>() {}

/** Hears what people are to know of the machines that compute elsewhere: that none may compute a node, and why. */
export class ClusterListener extends Context.Reference<ClusterListener>()("headrace/ClusterListener", {
  defaultValue: (): ((message: string) => Effect.Effect<void>) => () => Fx.void
}) {}
