import { type ChildProcess, fork } from "node:child_process"
import type { Readable } from "node:stream"
import * as Worker from "@effect/platform/Worker"
import * as NodeWorker from "@effect/platform-node/NodeWorker"
import { Clock, Deferred, Effect, Exit, Schedule, Scope, type Stream } from "effect"
import { BEAT_MILLIS, BEATS_DESCRIPTOR, type Listening, listening } from "./Beats.ts"
import { HEAP_FULL, MemoryExceeded, WorkerDied, WorkerNotStarted, WorkerSilent } from "./Failure.ts"
import * as Printed from "./Printed.ts"
import { StillListener } from "./Progress.ts"
import type { ComputeNode } from "./WorkerProtocol.ts"

/** What a worker has from its start on, as it cannot be changed later. */
export interface Settings {
  /** Native threads. */
  readonly threads: number
  /** Names of the variables of the locale that its nodes' stages declare, sorted. */
  readonly locale: ReadonlyArray<string>
  /** Bytes that it may hold for a node that declares how many: it computes no other. */
  readonly memory: number | null
}

export interface Options {
  /** What a worker starts with, a file that node runs: it beats, and loads `entry`. */
  readonly start: string
  /** The worker's program, an ES module. */
  readonly entry: string
  /** Done once, before the first worker starts. */
  readonly prepare?: Effect.Effect<void>
  /** The whole environment of a worker: some libraries read theirs at the start only. */
  readonly env: (settings: Settings) => Readonly<Record<string, string | undefined>>
  /** A worker without a sign of life for so long is ended; a beat comes every second. */
  readonly silentMillis?: number
  /** A node in one call for so long is told of, and again each time that doubles. */
  readonly stillMillis?: number
}

/** How a worker process ended. */
export interface Ended {
  readonly signal: string | null
  readonly code: number | null
  /** The end of what it wrote to stderr; native libraries say there why they abort. */
  readonly lastWords: string
}

/** A worker process, and the scope that ends it. */
export interface Member {
  readonly execute: (request: ComputeNode) => Stream.Stream<typeof ComputeNode.success.Type, unknown>
  readonly ended: Deferred.Deferred<Ended>
  readonly child: ChildProcess
  readonly scope: Scope.CloseableScope
  readonly beats: Listening
  /** What it writes to stdout and stderr while it computes a node. */
  readonly printed: Printed.Tail
}

/** A busy worker that was told to stop is killed after this long. */
const KILL_AFTER_MILLIS = 1000
const LAST_WORDS = 8000
const SILENT_MILLIS = 60_000
const STILL_MILLIS = 300_000

const monotonicMillis = Effect.map(Clock.currentTimeNanos, (nanos) => Number(nanos / 1_000_000n))

/** Why a worker that ended costs its node, which may have been given so many bytes. */
export const died = (node: string, how: Ended, memory: number | null): WorkerDied | MemoryExceeded =>
  memory !== null && HEAP_FULL.test(how.lastWords)
    ? new MemoryExceeded({ node, held: null, most: memory })
    : new WorkerDied({ node, ...how })

/**
 * Waits for a worker that computes, or starts, for `node`, as long as it beats: slowness ends nothing. Tells, where it is in one call for long, that
 * it is. Never succeeds; fails, and kills the worker, once that is silent, or holds more memory than the node may.
 */
export const attend = (
  { child, beats }: Pick<Member, "child" | "beats">,
  node: string,
  { silentMillis = SILENT_MILLIS, stillMillis = STILL_MILLIS }: Pick<Options, "silentMillis" | "stillMillis">,
  memory: number | null
): Effect.Effect<never, WorkerSilent | MemoryExceeded> =>
  Effect.gen(function* () {
    const tell = yield* StillListener
    beats.begin(yield* monotonicMillis)
    let told = stillMillis
    const look = Effect.gen(function* () {
      const { silent, still } = beats.look(yield* monotonicMillis)
      if (silent >= silentMillis) {
        child.kill("SIGKILL")
        return yield* new WorkerSilent({ node, seconds: Math.round(silent / 1000) })
      }
      const held = beats.resident()
      if (memory !== null && held > memory) {
        child.kill("SIGKILL")
        return yield* new MemoryExceeded({ node, held, most: memory })
      }
      if (still < stillMillis) told = stillMillis
      if (still < told) return
      told *= 2
      yield* tell(Math.round(still / 1000))
    })
    return yield* Effect.zipRight(Effect.schedule(look, Schedule.spaced(BEAT_MILLIS)), Effect.never)
  })

/** Worker processes that have not ended. */
const living = new Set<ChildProcess>()
const killAll = () => {
  for (const child of living) child.kill("SIGKILL")
}

/**
 * A worker ends by itself once its command is gone, if it gets to: a stopped one does not, and a busy one takes a second. Whatever
 * ends the command, short of a kill, it takes its workers with it.
 */
const endWithCommand = (child: ChildProcess): void => {
  if (living.size === 0) process.on("exit", killAll)
  living.add(child)
  child.once("close", () => {
    living.delete(child)
    if (living.size === 0) process.off("exit", killAll)
  })
}

/** A process that the system started. Where it has nothing left for another it throws, or tells of that by an event. */
const forked = (options: Options, settings: Settings, node: string): Effect.Effect<ChildProcess, WorkerNotStarted> =>
  Effect.gen(function* () {
    const refused = (cause: unknown) => new WorkerNotStarted({ node, what: String(cause) })
    const child = yield* Effect.try({
      try: () =>
        fork(options.start, [options.entry], {
          env: options.env(settings),
          // else V8 gives up at a limit of its own, below or above
          execArgv: settings.memory === null ? [] : [`--max-old-space-size=${Math.ceil(settings.memory / 2 ** 20)}`],
          stdio: ["ignore", "pipe", "pipe", "ipc", "pipe"]
        }),
      catch: refused
    })
    const told = yield* Deferred.make<never, WorkerNotStarted>()
    // also of one that runs: a message that cannot be sent any more, whose end tells why
    child.on("error", (cause) => Deferred.unsafeDone(told, Exit.fail(refused(cause))))
    if (child.pid === undefined) return yield* Deferred.await(told)
    endWithCommand(child)
    return child
  })

/** Starts a worker for `node`. */
export const spawn = (
  options: Options,
  settings: Settings,
  node: string
): Effect.Effect<Member, WorkerNotStarted | WorkerDied | WorkerSilent | MemoryExceeded> =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const ended = yield* Deferred.make<Ended>()
    const beats = listening(yield* monotonicMillis)
    const child = yield* forked(options, settings, node)
    let lastWords = ""
    const printed = Printed.tail()
    child.stdout?.setEncoding("utf8").on("data", printed.add)
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      printed.add(text)
      lastWords = (lastWords + text).slice(-LAST_WORDS)
    })
    const pipe = child.stdio[BEATS_DESCRIPTOR] as Readable
    // a worker that dies may break the pipe; its end is what tells of that
    pipe
      .setEncoding("utf8")
      .on("data", beats.hear)
      .on("error", () => undefined)
    // the signal of a dead child is known to the ChildProcess alone; "close" waits for the rest of its stderr
    child.once("close", (code, signal) =>
      Deferred.unsafeDone(ended, Exit.succeed({ code, signal, lastWords: lastWords.trim() }))
    )
    const worker = yield* Worker.makeSerialized<ComputeNode>({}).pipe(
      Effect.provide(NodeWorker.layer(() => child)),
      Scope.extend(scope),
      Effect.mapError((error) => new WorkerNotStarted({ node, what: String(error) })),
      Effect.raceFirst(Effect.flatMap(Deferred.await(ended), (how) => Effect.fail(died(node, how, settings.memory)))),
      Effect.raceFirst(attend({ child, beats }, node, options, settings.memory)),
      // a member is acquired uninterruptibly: here losers of the race must end, and an interrupted run must not wait
      Effect.interruptible,
      Effect.onError((cause) =>
        Effect.zipRight(
          Effect.sync(() => child.kill("SIGKILL")),
          Scope.close(scope, Exit.failCause(cause))
        )
      )
    )
    return { execute: worker.execute, ended, child, scope, beats, printed } satisfies Member
  })

/** Ends a worker: an idle one is asked and exits, a busy one is killed when it does not. */
export const end = ({ child, scope }: Member): Effect.Effect<void> =>
  Effect.suspend(() => {
    const timer = setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MILLIS)
    return Effect.ensuring(
      Effect.ignore(Scope.close(scope, Exit.void)),
      Effect.sync(() => clearTimeout(timer))
    )
  })

/** Whether it is over with it, or soon will be. */
export const isEnded = ({ child }: Member): boolean =>
  child.killed || child.exitCode !== null || child.signalCode !== null
