import { Clock, Deferred, Effect, Either, Schedule, type Scope } from "effect"
import * as Disk from "../../cache/disk.ts"
import { NodeFailed } from "../../engine/Failure.ts"
import * as Printed from "../../engine/Printed.ts"
import * as Answer from "../Answer.ts"
import { ClusterListener, type Handed } from "../Tasks.ts"
import * as Ending from "./Ending.ts"
import * as Queue from "./Queue.ts"
import * as Said from "./Said.ts"
import type { Slurm } from "./Slurm.ts"
import * as TaskFiles from "./TaskFiles.ts"

/** How often it is looked. The queue is asked ever less often while nothing changes in it. */
export interface Pace {
  readonly filesMillis: number
  readonly queueMillis: { readonly least: number; readonly most: number }
}

export interface Options {
  readonly slurm: Slurm
  readonly root: string
  readonly project: string
  readonly pace: Pace
}

/** A task that somebody waits for. */
interface Waiting {
  readonly handed: Handed
  readonly place: TaskFiles.Place
  readonly files: TaskFiles.TaskFiles
  readonly answer: Deferred.Deferred<Answer.Answer>
  readonly said: Effect.Effect<ReadonlyArray<Answer.Said>>
  /** As the queue last had it. */
  row: Queue.Row | null
  /** How often in a row the queue had no job that may still answer. */
  missed: number
}

/** A job that is over may have answered a moment ago: a shared file system shows that a little later. */
const MOST_MISSED = 3
/** The queue is asked so much less often each time. */
const BACKING_OFF = 1.5

const failed = ({ request: { node } }: Handed, explained: NodeFailed["explained"], printed = ""): Answer.Answer => ({
  _tag: "Failed",
  printed,
  failure: new NodeFailed({ node, explained })
})

const idOf = ({ array, index }: TaskFiles.Place): string => `${array}.${index}`

/** What comes of a task: its job's answer, or how the job ended without one. */
type Answered = (handed: Handed, place: TaskFiles.Place) => Effect.Effect<Answer.Answer>

/** Waits for the answers of jobs: looks at their files, and by and by at Slurm's queue. */
export const watching = ({ slurm, root, project, pace }: Options): Effect.Effect<Answered, never, Scope.Scope> =>
  Effect.gen(function* () {
    const tell = yield* ClusterListener
    const waiting = new Map<string, Waiting>()
    /** Reasons for which jobs wait, and complaints of the controller, that were told. */
    const told = new Set<string>()
    const tellOnce = (message: string, about: string = message) =>
      Effect.suspend(() => {
        if (told.has(about)) return Effect.void
        told.add(about)
        return tell(message)
      })
    let queuePause = pace.queueMillis.least
    let nextQueue = 0

    const settle = (one: Waiting, answer: Answer.Answer) =>
      Effect.suspend(() => {
        waiting.delete(idOf(one.place))
        return Deferred.succeed(one.answer, answer)
      })

    const readAnswer = ({ handed, files }: Waiting): Effect.Effect<Answer.Answer> =>
      Effect.gen(function* () {
        const text = yield* Effect.either(Disk.readTextIfThere(files.answer, TaskFiles.MOST_ANSWER_BYTES))
        const answer = Either.isRight(text) ? Answer.decode(text.right ?? "") : null
        if (answer !== null && Either.isRight(answer)) return answer.right
        return failed(handed, {
          tag: "AnswerRefused",
          what: `The answer of a Slurm job for ${handed.request.node} is none: ${files.answer}${Either.isLeft(text) ? ` ${text.left.message}` : ""}`,
          expected: "what this version of Headrace says",
          fix: "See that nobody else writes there, and run again."
        })
      })

    const lookAtFiles = Effect.gen(function* () {
      const listed = new Map<string, ReadonlySet<string>>()
      for (const one of [...waiting.values()]) {
        const { folder } = one.files
        const names = listed.get(folder) ?? new Set(yield* Disk.listIfThere(folder))
        listed.set(folder, names)
        const has = (file: string) => names.has(TaskFiles.nameIn(folder, file))
        if (has(one.files.said)) yield* Effect.flatMap(one.said, Effect.forEach(one.handed.hear, { discard: true }))
        if (has(one.files.answer)) yield* settle(one, yield* readAnswer(one))
      }
    })

    /** A job is over, and did not answer. */
    const end = (one: Waiting) =>
      Effect.gen(function* () {
        const { handed, files, row } = one
        const printed = yield* Said.endOf(files.output, Printed.MOST)
        const explained = Ending.explain({
          job: row?.job ?? idOf(one.place),
          node: handed.request.node,
          ending: row === null ? null : yield* Ending.ask(slurm, row.job),
          lastWords: printed,
          folder: root,
          project
        })
        yield* settle(one, failed(handed, explained, printed))
      })

    const tellWaiting = ({ handed: { request } }: Waiting, { job, reason }: Queue.Row) => {
      const text = Queue.waitText(reason)
      return text === null ? Effect.void : tellOnce(`The Slurm job ${job} of ${request.node} waits: ${text}.`, reason)
    }

    const tellBegunAgain = ({ handed: { request } }: Waiting, { job }: Queue.Row, before: Queue.Row) =>
      tell(`The Slurm job ${job} of ${request.node} lost its node ${before.nodes}: it is run again.`)

    const hear = (one: Waiting, row: Queue.Row | undefined) =>
      Effect.gen(function* () {
        const before = one.row
        if (row !== undefined) one.row = row
        if (row?.state !== before?.state) queuePause = pace.queueMillis.least
        if (row === undefined || Queue.isOver(row)) {
          one.missed += 1
          queuePause = pace.queueMillis.least
          return yield* one.missed < MOST_MISSED ? Effect.void : end(one)
        }
        one.missed = 0
        const isPending = Queue.isPending(row)
        // it may have waited and begun again between two looks
        const isElsewhere = before !== null && before.nodes !== "" && (isPending || row.nodes !== before.nodes)
        if (isElsewhere) yield* tellBegunAgain(one, row, before)
        if (isPending) yield* tellWaiting(one, row)
      })

    const lookAtQueue = Effect.gen(function* () {
      const all = [...waiting.values()]
      queuePause = Math.min(queuePause * BACKING_OFF, pace.queueMillis.most)
      const rows = yield* Effect.either(Queue.look(slurm, [...new Set(all.map(({ place }) => place.array))]))
      if (Either.isLeft(rows)) return yield* tellOnce(`${rows.left.message} What it was given is waited for.`, "away")
      told.delete("away")
      const byId = new Map<string, Queue.Row>()
      for (const row of rows.right) {
        const id = idOf({ array: row.name, index: row.index })
        const other = byId.get(id)
        if (other === undefined || Queue.isOver(other)) byId.set(id, row)
      }
      for (const one of all) if (waiting.has(idOf(one.place))) yield* hear(one, byId.get(idOf(one.place)))
    })

    const look = Effect.gen(function* () {
      if (waiting.size === 0) return
      yield* lookAtFiles
      const now = Number((yield* Clock.currentTimeNanos) / 1_000_000n)
      if (now < nextQueue) return
      yield* lookAtQueue
      nextQueue = now + queuePause
    })
    yield* Effect.forkScoped(Effect.repeat(look, Schedule.spaced(pace.filesMillis)))

    return (handed, place) =>
      Effect.gen(function* () {
        const files = TaskFiles.at(root, place)
        const answer = yield* Deferred.make<Answer.Answer>()
        const said = Said.follow(files.said)
        queuePause = pace.queueMillis.least
        waiting.set(idOf(place), { handed, place, files, answer, said, row: null, missed: 0 })
        return yield* Effect.onInterrupt(Deferred.await(answer), () => Effect.sync(() => waiting.delete(idOf(place))))
      })
  })
