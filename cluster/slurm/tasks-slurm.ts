import { randomBytes } from "node:crypto"
import { Clock, Deferred, Effect, Either, Layer, type Scope } from "effect"
import * as Disk from "../../cache/disk.ts"
import * as Answer from "../Answer.ts"
import { ClusterListener, type Handed, Tasks, type TasksFailed } from "../Tasks.ts"
import * as Claims from "./Claims.ts"
import * as LeftBehind from "./left-behind.ts"
import * as Queue from "./Queue.ts"
import type { Slurm } from "./Slurm.ts"
import * as Submitting from "./submitting.ts"
import * as TaskFiles from "./TaskFiles.ts"
import * as Waiters from "./Waiters.ts"
import * as Watching from "./watching.ts"

export interface Options extends Omit<Submitting.Options, "gatherMillis"> {
  readonly pace?: Pace
}

export interface Pace extends Watching.Pace, Pick<Submitting.Options, "gatherMillis"> {
  /**
   * A claim whose array is in nobody's queue for so long, by the clock of whoever waits, is nobody's: a command was killed before it
   * submitted it.
   */
  readonly unsubmittedMillis: number
}

const PACE: Pace = {
  gatherMillis: 200,
  filesMillis: 250,
  queueMillis: { least: 1000, most: 10_000 },
  unsubmittedMillis: 10_000
}
/** How many jobs run side by side is the cluster's to say, and nobody knows before: as many as a small one has nodes. */
const SIDE_BY_SIDE = 8
const JOINING_MILLIS = 500
/** Jobs that are called off within this are told to Slurm at once. */
const CALLING_OFF_MILLIS = 50

const millis = Effect.map(Clock.currentTimeNanos, (nanos) => Number(nanos / 1_000_000n))

/** Tells Slurm of jobs that nobody waits for, many at once. */
const cancelling = (slurm: Slurm) =>
  Effect.sync(() => {
    let pending: { readonly jobs: Array<string>; readonly done: Deferred.Deferred<void> } | null = null
    return (job: string) =>
      Effect.gen(function* () {
        if (pending !== null) {
          pending.jobs.push(job)
          return yield* Deferred.await(pending.done)
        }
        const own = { jobs: [job], done: yield* Deferred.make<void>() }
        pending = own
        const cancel = Effect.suspend(() => {
          pending = null
          return Effect.ignore(Queue.cancel(slurm, own.jobs))
        })
        yield* cancel.pipe(
          Effect.delay(CALLING_OFF_MILLIS),
          Effect.ensuring(Deferred.succeed(own.done, undefined)),
          // also while the command ends: whoever calls off waits for it
          Effect.forkDaemon
        )
        yield* Deferred.await(own.done)
      })
  })

const make = ({ pace = PACE, ...options }: Options): Effect.Effect<typeof Tasks.Service, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { root, slurm, job } = options
    const command = randomBytes(6).toString("hex")
    const tell = yield* ClusterListener
    // nobody waits for it
    yield* Effect.forkScoped(LeftBehind.tidy(slurm, root))
    const answered = yield* Watching.watching({ slurm, root, project: job.project, pace })
    const cancel = yield* cancelling(slurm)

    const isWaitedForElsewhere = (place: TaskFiles.Place) => Waiters.remove(TaskFiles.at(root, place), command)

    /** A task is over: its claim goes, and its files, unless another command waits for them. */
    const leave = ({ request }: Handed, place: TaskFiles.Place) =>
      Effect.gen(function* () {
        yield* Claims.release(root, request, place)
        if (!(yield* isWaitedForElsewhere(place))) yield* TaskFiles.remove(root, place)
      })

    const rowsOf = (place: TaskFiles.Place) =>
      Effect.map(Queue.look(slurm, [place.array]), (rows) => rows.filter(({ index }) => index === place.index))

    /** Ends the job of a task that this command waits for no more, unless another does. */
    const callOff = (handed: Handed, place: TaskFiles.Place) =>
      Effect.gen(function* () {
        if (yield* isWaitedForElsewhere(place)) return
        // whoever joins in from here on finds no claim, and who did before is found
        yield* Claims.release(root, handed.request, place)
        if (yield* isWaitedForElsewhere(place)) return
        const rows = yield* Effect.orElseSucceed(rowsOf(place), () => [])
        const jobs = rows.filter((row) => !Queue.isOver(row)).map((row) => row.job)
        yield* Effect.forEach(jobs, cancel, { concurrency: "unbounded" })
        yield* TaskFiles.remove(root, place)
      })

    /** Whether a result is there already, of a job of which nobody was told. A failure is none: whoever asks again wants it tried. */
    const isComputed = (place: TaskFiles.Place) =>
      Effect.map(
        Effect.either(Disk.readTextIfThere(TaskFiles.at(root, place).answer, TaskFiles.MOST_ANSWER_BYTES)),
        (text) =>
          Either.isRight(text) &&
          text.right !== null &&
          Either.match(Answer.decode(text.right), { onLeft: () => false, onRight: ({ _tag }) => _tag !== "Failed" })
      )

    /** Joins a task of another command, or of one that was killed; whether its job may still answer, or did. */
    const join = (handed: Handed, place: TaskFiles.Place): Effect.Effect<boolean, TasksFailed> =>
      Effect.gen(function* () {
        const files = TaskFiles.at(root, place)
        // its folder is gone with its claim where it was over just now
        yield* Effect.ignore(Waiters.add(files, command))
        const claimed = yield* Claims.find(root, handed.request)
        if (claimed === null || claimed.array !== place.array || claimed.index !== place.index) {
          yield* isWaitedForElsewhere(place)
          return false
        }
        const began = yield* millis
        for (;;) {
          if (yield* isComputed(place)) return true
          const rows = yield* Effect.either(rowsOf(place))
          if (Either.isLeft(rows) && !rows.left.isPassing) return yield* Submitting.refusal(rows.left)
          const found = Either.getOrElse(rows, () => [])
          if (found.some((row) => !Queue.isOver(row))) return true
          if (found.length > 0 || (Either.isRight(rows) && (yield* millis) - began > pace.unsubmittedMillis)) break
          yield* Effect.sleep(JOINING_MILLIS)
        }
        // its job is over without a result, or never was
        yield* leave(handed, place)
        return false
      })

    const submit = yield* Submitting.submitting({ ...options, gatherMillis: pace.gatherMillis }, command, callOff)
    /** Where a task is computed, once there is a job for it. */
    const placeOf = (handed: Handed): Effect.Effect<TaskFiles.Place, TasksFailed> =>
      Effect.gen(function* () {
        for (;;) {
          const { place, isOwn } = yield* submit(handed)
          if (isOwn) return place
          const joined = Effect.tap(join(handed, place), (isJoined) =>
            isJoined
              ? tell(`${handed.request.node} is computed by a Slurm job of another command: its answer is taken up.`)
              : Effect.void
          )
          if (yield* Effect.onInterrupt(joined, () => isWaitedForElsewhere(place))) return place
        }
      })

    return {
      width: () => Effect.succeed(SIDE_BY_SIDE),
      compute: (handed) =>
        Effect.uninterruptibleMask((restore) =>
          Effect.gen(function* () {
            const place = yield* restore(placeOf(handed))
            const answer = yield* Effect.onInterrupt(restore(answered(handed, place)), () => callOff(handed, place))
            yield* leave(handed, place)
            return answer
          })
        )
    }
  })

/**
 * Has tasks computed by jobs of a Slurm cluster. All that passes between a command and its jobs are files of a folder that they share: a command
 * that is killed loses none of it, and whoever asks for the same joins in.
 */
export const layer = (options: Options): Layer.Layer<Tasks> => Layer.scoped(Tasks, make(options))
