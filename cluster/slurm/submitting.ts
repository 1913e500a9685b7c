import { randomBytes } from "node:crypto"
import * as fs from "node:fs/promises"
import { Array as Arr, Deferred, Effect, Either, Option, type Scope } from "effect"
import * as Disk from "../../cache/disk.ts"
import * as Need from "../Need.ts"
import { ClusterListener, type Handed, TasksFailed } from "../Tasks.ts"
import * as Claims from "./Claims.ts"
import { type Job, script } from "./job-script.ts"
import * as Queue from "./Queue.ts"
import type { Slurm, SlurmFailed } from "./Slurm.ts"
import { submit, takingOptions } from "./Submission.ts"
import * as TaskFiles from "./TaskFiles.ts"
import * as Waiters from "./Waiters.ts"

export interface Options {
  readonly slurm: Slurm
  /** What this machine and the nodes share: tasks and answers lie there. */
  readonly root: string
  /** Options of sbatch that whoever gives the command adds. */
  readonly options: ReadonlyArray<string>
  /** The native threads of a node that takes a whole machine. */
  readonly threads: number
  readonly job: Omit<Job, "folder">
  /** For how long tasks are gathered that may become one array. */
  readonly gatherMillis: number
}

/** A place where a task is, or is going to be, computed. `isOwn`: whether for this command. */
export interface Found {
  readonly place: TaskFiles.Place
  readonly isOwn: boolean
}

/** A task that is to become a job. */
interface Item {
  readonly handed: Handed
  readonly found: Deferred.Deferred<Found, TasksFailed>
  isWanted: boolean
}

/** Slurm's own limit of an array is 1001 where nobody raised or lowered it. */
const MOST_IN_ARRAY = 1000
/** A controller that does not answer is asked again after so many pauses, of which none is made for what nobody wants. */
const PAUSES = 20
const PAUSE = "100 millis"
/** So many files are written side by side. */
const AT_ONCE = 8

/** Tasks are told apart in Slurm's queue by an array's name and a number. */
const newName = (): string => `headrace-${randomBytes(6).toString("hex")}`

const commentOf = (items: ReadonlyArray<Item>): string => {
  const [first] = items
  return first === undefined ? "" : `${first.handed.request.pipeline}: ${first.handed.need.text.stage}`
}

/** What Slurm refuses, as whoever hands tasks out says so. */
export const refusal = ({ what, expected, fix }: SlurmFailed) => new TasksFailed({ what, expected, fix })

/**
 * Makes jobs of tasks: those that are handed over within a short moment, that need and take the same, become one array. Gives
 * where a task is computed: in a job of its own, or in one of another command that claimed it before. `callOff` ends a job that nobody
 * wants any more by the time that it is submitted.
 */
export const submitting = (
  { slurm, root, options, threads, job, gatherMillis }: Options,
  command: string,
  callOff: (handed: Handed, place: TaskFiles.Place) => Effect.Effect<void>
): Effect.Effect<(handed: Handed) => Effect.Effect<Found, TasksFailed>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const tell = yield* ClusterListener
    let gathered: Array<Item> = []
    let isAwayTold = false

    /** Claims a task for a place, and says whether it did; where another command has it, whoever waits for it hears of that. */
    const claim = ({ handed, found }: Item, place: TaskFiles.Place): Effect.Effect<boolean, TasksFailed> =>
      Effect.gen(function* () {
        while (!(yield* Claims.take(root, handed.request, place))) {
          const other = yield* Claims.find(root, handed.request)
          if (other === null) continue
          yield* Deferred.succeed(found, { place: other, isOwn: false })
          return false
        }
        return true
      })

    const write = ({ handed: { request, need } }: Item, place: TaskFiles.Place): Effect.Effect<void, TasksFailed> =>
      Effect.gen(function* () {
        const files = TaskFiles.at(root, place)
        yield* Waiters.add(files, command)
        const told = Need.encode({ request, share: need.share, text: need.text })
        // nobody reads it before the job is submitted
        yield* TaskFiles.attempt("Writing", files.task, () => fs.writeFile(files.task, told, { flag: "wx" }))
      })

    /** Submits an array, and waits for a controller that does not answer, as long as somebody wants what it is to compute. */
    const submitPatiently = (array: string, items: ReadonlyArray<Item>, takes: ReadonlyArray<string>) => {
      const folder = TaskFiles.folderOf(root, array)
      const isWanted = () => items.some((item) => item.isWanted)
      const isThere = Effect.map(
        Effect.either(Queue.look(slurm, [array])),
        (rows) => (Either.getOrNull(rows)?.length ?? 0) > 0
      )
      const attempt: Effect.Effect<void, SlurmFailed> = submit(slurm, {
        name: array,
        comment: commentOf(items),
        script: script({ ...job, folder }),
        count: items.length,
        options: [...takes, ...options],
        folder: job.project,
        output: TaskFiles.outputPattern(root, array)
      }).pipe(
        Effect.asVoid,
        Effect.catchIf(
          ({ isPassing }) => isPassing && isWanted(),
          ({ message }) =>
            Effect.gen(function* () {
              if (!isAwayTold) yield* tell(`${message} Jobs are submitted once it does.`)
              isAwayTold = true
              yield* Effect.repeat(Effect.sleep(PAUSE), { times: PAUSES, while: isWanted })
              // it may have heard what it did not answer
              if (!(yield* isThere)) yield* attempt
            })
        )
      )
      return Effect.zipRight(
        attempt,
        Effect.sync(() => (isAwayTold = false))
      )
    }

    const drop = ({ handed }: Item, place: TaskFiles.Place) =>
      Effect.gen(function* () {
        yield* Waiters.remove(TaskFiles.at(root, place), command)
        yield* Claims.release(root, handed.request, place)
        yield* TaskFiles.remove(root, place)
      })

    /** One array of what needs and takes the same. Whoever waits for one of its tasks hears where it is, or why it is nowhere. */
    const submitArray = (items: ReadonlyArray<Item>, takes: ReadonlyArray<string>): Effect.Effect<void> => {
      const array = newName()
      const own: Array<Item> = []
      const folder = TaskFiles.folderOf(root, array)
      return Effect.gen(function* () {
        yield* TaskFiles.attempt("Creating", folder, () => Disk.makeDirectory(folder))
        for (const item of items)
          if (item.isWanted && (yield* claim(item, { array, index: own.length }))) own.push(item)
        if (own.length === 0) return yield* TaskFiles.remove(root, { array, index: 0 })
        yield* Effect.forEach(own, (item, index) => write(item, { array, index }), {
          concurrency: AT_ONCE,
          discard: true
        })
        yield* Effect.mapError(submitPatiently(array, own, takes), refusal)
        yield* Effect.forEach(own, ({ handed, isWanted, found }, index) =>
          isWanted
            ? Deferred.succeed(found, { place: { array, index }, isOwn: true })
            : callOff(handed, { array, index })
        )
      }).pipe(
        Effect.catchAll((error) =>
          Effect.zipRight(
            Effect.forEach(own, (item, index) => drop(item, { array, index }), { concurrency: AT_ONCE }),
            Effect.forEach(items, ({ found }) => Deferred.fail(found, error))
          )
        ),
        Effect.asVoid,
        // a command that ends meanwhile hears whether there is a job, and calls it off
        Effect.uninterruptible
      )
    }

    const flush = Effect.suspend(() => {
      const items = gathered
      gathered = []
      const taken = ({ handed: { need, limits } }: Item) => takingOptions({ share: need.share, threads, limits })
      const groups = Arr.groupBy(items, (item) => `${item.handed.need.id} ${taken(item).join(" ")}`)
      const arrays = Object.values(groups).flatMap((group) => Arr.chunksOf(group, MOST_IN_ARRAY))
      return Effect.forEach(arrays, (group) => submitArray(group, taken(group[0])), {
        concurrency: "unbounded",
        discard: true
      })
    })

    /** Nobody waits for a task any more: its job is called off, once there is one. */
    const forget = (item: Item) =>
      Effect.gen(function* () {
        item.isWanted = false
        if (!(yield* Deferred.isDone(item.found))) return
        const given = yield* Effect.option(Deferred.await(item.found))
        if (Option.isSome(given) && given.value.isOwn) yield* callOff(item.handed, given.value.place)
      })

    return (handed) =>
      Effect.gen(function* () {
        const item: Item = { handed, found: yield* Deferred.make<Found, TasksFailed>(), isWanted: true }
        gathered.push(item)
        if (gathered.length === 1) yield* Effect.forkIn(Effect.delay(flush, gatherMillis), scope)
        return yield* Effect.onInterrupt(Deferred.await(item.found), () => forget(item))
      })
  })
