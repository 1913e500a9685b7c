import { setImmediate } from "node:timers/promises"
import { Cause, Deferred, Duration, Effect, Exit, Layer, Option, Stream } from "effect"
import { tell } from "../cache/StoreListener.ts"
import type { ChunkCounts, Trace } from "../cache/Trace.ts"
import { Environment, isLocale, masked } from "./Environment.ts"
import { type ChunkExecutor, type Executor, onThisMachine, type Task } from "./Executor.ts"
import { type ExecuteFailure, NodeFailed, NodeTimedOut } from "./Failure.ts"
import { type Range, secretsOf, variablesOf } from "./Job.ts"
import * as Limits from "./Limits.ts"
import { PrintedListener } from "./Printed.ts"
import { DamageListener, ProgressListener } from "./Progress.ts"
import { type Message, requestOf } from "./WorkerProtocol.ts"
import * as WorkerProcess from "./worker-process.ts"

export interface Options extends WorkerProcess.Options {
  /** Native threads of a worker for nodes whose facts don't tell. */
  readonly threads: number
}

const limitsOf = ({ entry: { node } }: Task): Limits.Limits => Limits.ofNode(node)

/** Fails when the node has taken all the time that its stage gives it. */
const timedOut = (node: string, { timeout }: Limits.Limits): Effect.Effect<never, NodeTimedOut> =>
  timeout === null
    ? Effect.never
    : Effect.zipRight(Effect.sleep(timeout), new NodeTimedOut({ node, seconds: Duration.toSeconds(timeout) }))

/** Hands over what the node printed, when it is over. Of one that was interrupted nobody asks. */
const handingOver = <A, E>(
  { printed }: WorkerProcess.Member,
  task: Task,
  computed: Effect.Effect<A, E>
): Effect.Effect<A, E> =>
  Effect.gen(function* () {
    const hear = yield* PrintedListener
    printed.begin(masked(secretsOf(task), yield* Environment))
    return yield* Effect.onExit(computed, (exit) =>
      Exit.isInterrupted(exit)
        ? Effect.void
        : // the answer came by another pipe: what was printed before it has arrived, and is read within this turn of the loop
          Effect.flatMap(
            Effect.promise(() => setImmediate()),
            () => hear(printed.text())
          )
    )
  })

/** What a worker's last message answers; nothing where it is another. */
type Answered<A> = (message: Message) => Option.Option<A>

const tableOf: Answered<Trace> = (message) => (message._tag === "Computed" ? Option.some(message.trace) : Option.none())
const chunksOf: Answered<ChunkCounts> = (message) =>
  message._tag === "ChunksComputed" ? Option.some(message.chunks) : Option.none()

/** Computes one node, or some chunks of its table, on a worker, telling the caller how far it is. */
const computeOn = <A>(
  member: WorkerProcess.Member,
  task: Task,
  options: Options,
  range: Range | null,
  answered: Answered<A>
): Effect.Effect<A, ExecuteFailure> => {
  const node = task.entry.name
  const limits = limitsOf(task)
  const request = requestOf(task, range)
  const died = Effect.gen(function* () {
    const mask = masked(secretsOf(task), yield* Environment)
    const how = yield* Deferred.await(member.ended)
    return yield* WorkerProcess.died(node, { ...how, lastWords: mask(how.lastWords) }, limits.memory)
  })
  const answer = Effect.gen(function* () {
    const listen = yield* ProgressListener
    const hearDamage = yield* DamageListener
    const last = yield* member.execute(request).pipe(
      Stream.tap((message) => {
        if (message._tag === "Progressed") return listen(message)
        if (message._tag === "StoreTold") return tell(message.what)
        return message._tag === "Damaged" ? hearDamage(message.what) : Effect.void
      }),
      Stream.filterMap(answered),
      Stream.runLast
    )
    return yield* Option.match(last, {
      onNone: () =>
        new NodeFailed({
          node,
          explained: {
            tag: "NoAnswer",
            what: `The worker of ${node} ended without a result`,
            expected: "one",
            fix: "Run again."
          }
        }),
      onSome: Effect.succeed
    })
  })
  return answer.pipe(
    // a dying child also garbles the channel: what ended it says more than what that broke
    Effect.catchAll((error) =>
      isFailure(error)
        ? Effect.fail(error)
        : Effect.raceFirst(
            died,
            Effect.delay(
              Effect.fail(
                new NodeFailed({
                  node,
                  explained: {
                    tag: "WorkerFailed",
                    what: `The worker of ${node} answered what it must not: ${String(error)}`,
                    expected: "a result",
                    fix: "Run again."
                  }
                })
              ),
              "1 second"
            )
          )
    ),
    Effect.raceFirst(died),
    Effect.raceFirst(WorkerProcess.attend(member, node, options, limits.memory)),
    Effect.raceFirst(timedOut(node, limits))
  )
}

const TAGS: ReadonlyArray<string> = [
  "NodeFailed",
  "InputLost",
  "WorkerNotStarted",
  "WorkerDied",
  "WorkerSilent",
  "NodeTimedOut",
  "MemoryExceeded",
  "KeyRefused"
] satisfies ReadonlyArray<ExecuteFailure["_tag"]>
const isFailure = (error: unknown): error is ExecuteFailure =>
  typeof error === "object" && error !== null && "_tag" in error && TAGS.includes(String(error._tag))

const settingsOf = (task: Task, { threads }: Options): WorkerProcess.Settings => ({
  threads: typeof task.text.facts.threads === "number" ? task.text.facts.threads : threads,
  locale: [...variablesOf(task)].filter(isLocale).sort(),
  memory: limitsOf(task).memory
})

/** Whether a worker whose node ended so may still be at work on it. */
const mayWork = (exit: Exit.Exit<unknown, ExecuteFailure>): boolean =>
  Exit.isFailure(exit) &&
  (Cause.isInterrupted(exit.cause) ||
    Option.exists(Cause.failureOption(exit.cause), ({ _tag }) => _tag === "NodeTimedOut"))

/**
 * Computes in worker processes, one node at a time each, so that a native abort costs one node. Workers live for many
 * nodes; the one that was used last is used next, for what it has loaded. None is started before a node needs it. A node
 * whose facts tell its native `threads` has a worker with as many, and one whose stages declare a locale has a worker in it; idle
 * ones that were started otherwise are ended before it is started. A node with a bound on its memory has a worker to itself:
 * the memory that others needed is not given back before their process ends.
 */
export const layerWorkerProcess = (options: Options): Layer.Layer<Executor | ChunkExecutor> =>
  Layer.scopedContext(
    Effect.gen(function* () {
      const pools = new Map<string, Array<WorkerProcess.Member>>()
      /** Members with nothing to do that were started as the node needs it. */
      const idleFor = (task: Task) => {
        const settings = settingsOf(task, options)
        const pool = JSON.stringify(settings)
        const idle = pools.get(pool) ?? []
        pools.set(pool, idle)
        return { settings, pool, idle }
      }
      yield* Effect.addFinalizer(() =>
        Effect.forEach([...pools.values()].flat(), WorkerProcess.end, { concurrency: "unbounded", discard: true })
      )
      /** Pools whose idle members were ended, for one of another. */
      const ended = new Set<string>()
      const prepared = yield* Effect.cached(options.prepare ?? Effect.void)
      let isAlternating = false
      /** Ends what is idle beside the member that is to be started, and may hold as much as it ever needed. */
      const makeRoom = (pool: string) =>
        Effect.suspend(() => {
          // where nodes of several pools take turns, all their members stay: each turn would start one anew
          isAlternating ||= ended.has(pool)
          const others = [...pools].filter(([other, idle]) => !isAlternating && other !== pool && idle.length > 0)
          for (const [other] of others) ended.add(other)
          const members = others.flatMap(([, idle]) => idle.splice(0))
          return Effect.forEach(members, WorkerProcess.end, { concurrency: "unbounded", discard: true })
        })
      const take = (task: Task) =>
        Effect.suspend(() => {
          const { settings, pool, idle } = idleFor(task)
          const member = idle.pop()
          if (member !== undefined && !WorkerProcess.isEnded(member)) return Effect.succeed(member)
          return Effect.zipRight(
            Effect.zipRight(prepared, makeRoom(pool)),
            WorkerProcess.spawn(options, settings, task.entry.name)
          )
        })
      const putBack = (task: Task) => (member: WorkerProcess.Member, exit: Exit.Exit<unknown, ExecuteFailure>) => {
        const { settings, idle } = idleFor(task)
        if (settings.memory !== null || mayWork(exit) || WorkerProcess.isEnded(member)) return WorkerProcess.end(member)
        return Effect.sync(() => void idle.push(member))
      }
      const on = <A>(task: Task, range: Range | null, answered: Answered<A>) =>
        Effect.acquireUseRelease(
          take(task),
          (member) => handingOver(member, task, computeOn(member, task, options, range, answered)),
          putBack(task)
        )
      return onThisMachine(
        (task) => on(task, null, tableOf),
        (task, range) => on(task, range, chunksOf)
      )
    })
  )
