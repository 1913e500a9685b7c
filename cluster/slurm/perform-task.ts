import { hostname } from "node:os"
import { Effect, Either } from "effect"
import * as Disk from "../../cache/disk.ts"
import { NodeFailed } from "../../engine/Failure.ts"
import type { AnyPipeline } from "../../engine/Pipeline.ts"
import { nodeOf } from "../../engine/Request.ts"
import * as Answer from "../Answer.ts"
import * as Need from "../Need.ts"
import { TasksFailed } from "../Tasks.ts"
import { type Needs, performJob } from "../Work.ts"
import { saying } from "./Said.ts"
import { beside, failed, MOST_TASK_BYTES } from "./TaskFiles.ts"

/** Where a job runs, as people know it. */
const hereIn = (env: Readonly<Record<string, string | undefined>>): string => env.SLURMD_NODENAME || hostname()

const readTask = (file: string): Effect.Effect<Need.Told, TasksFailed> => {
  const refused = (why: string) =>
    new TasksFailed({
      what: `${file} is no task: ${why}`,
      expected: "what a command with --on slurm wrote",
      fix: "This command is for Slurm's jobs alone: pipeline run PIPELINE --on slurm submits them."
    })
  return Effect.gen(function* () {
    const text = yield* Effect.mapError(Disk.readTextIfThere(file, MOST_TASK_BYTES), ({ message }) => refused(message))
    if (text === null) return yield* refused("it is not there")
    const task = Need.decode(text)
    return Either.isRight(task) ? task.right : yield* refused(task.left.message)
  })
}

/** Why a machine is refused that would compute another key: what differs there. */
const otherwise = (machine: string, { request, text }: Need.Told, lacks: ReadonlyArray<string>): Answer.Answer => ({
  _tag: "Failed",
  printed: "",
  failure: new NodeFailed({
    node: request.node,
    explained: {
      tag: "KeyRefused",
      what: `The node ${machine} of the cluster would compute ${request.node} otherwise than it is asked for${lacks.length === 0 ? "" : `: ${lacks.join("; ")}`}`,
      expected: `a node that computes ${text.stage} as this machine does`,
      fix: 'Name nodes that do: --slurm-options "-C FEATURE" or "-p PARTITION" (sinfo -o "%N %P %f" lists what they have). If sources were edited meanwhile, run again.'
    }
  })
})

/**
 * Computes the task that lies in a file, and puts the answer beside it. A machine that would compute another key says in which
 * part it differs.
 */
export const performTask = <S>(
  pipelines: ReadonlyArray<AnyPipeline<unknown, S>>,
  file: string,
  env: Readonly<Record<string, string | undefined>>
): Effect.Effect<void, TasksFailed, Needs | S> =>
  Effect.gen(function* () {
    const files = beside(file)
    const task = yield* readTask(file)
    const machine = hereIn(env)
    const say = saying(files.said)
    yield* say({ _tag: "Placed", by: machine })
    const own = yield* Effect.either(nodeOf(pipelines, task.request))
    const answer: Answer.Answer = Either.isLeft(own)
      ? { _tag: "Failed", failure: own.left, printed: "" }
      : own.right.key === task.request.key
        ? yield* performJob(Effect.succeed(own.right), task.request, say)
        : otherwise(machine, task, Need.lacks(task.text, own.right.text))
    // a job that is run again after it answered has nothing to add
    yield* Disk.publishNew(files.answer, Buffer.from(Answer.encode(answer)), failed)
  })
