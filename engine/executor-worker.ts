import { type ChildProcess, fork } from "node:child_process"
import * as Worker from "@effect/platform/Worker"
import * as NodeWorker from "@effect/platform-node/NodeWorker"
import { Deferred, Effect, Exit, Layer, Option, Scope, Stream } from "effect"
import type { Trace } from "../cache/Trace.ts"
import { Environment, masked } from "./Environment.ts"
import { Executor, type Task } from "./Executor.ts"
import { type ExecuteFailure, NodeFailed, WorkerDied } from "./Failure.ts"
import { secretsOf } from "./Job.ts"
import { DamageListener, ProgressListener } from "./Progress.ts"
import { ComputeNode } from "./WorkerProtocol.ts"

export interface Options {
  /** The worker's program, a file that node runs. */
  readonly entry: string
  /** Native threads of a worker for nodes whose facts don't tell. */
  readonly threads: number
  /** The whole environment of a worker with so many native threads: some libraries read theirs at the start only. */
  readonly env: (threads: number) => Readonly<Record<string, string | undefined>>
}

interface Ended {
  readonly signal: string | null
  readonly code: number | null
  /** The end of what it wrote to stderr; native libraries say there why they abort. */
  readonly lastWords: string
}

/** A worker process, and the scope that ends it. */
interface Member {
  readonly execute: (request: ComputeNode) => Stream.Stream<typeof ComputeNode.success.Type, unknown>
  readonly ended: Deferred.Deferred<Ended>
  readonly child: ChildProcess
  readonly scope: Scope.CloseableScope
}

/** A busy worker that was told to stop is killed after this long. */
const KILL_AFTER_MILLIS = 1000
const LAST_WORDS = 2000
const SPAWN_TIMEOUT = "30 seconds"
const NEVER_SPOKE: Ended = { signal: null, code: null, lastWords: "it did not start within 30 seconds" }

const spawn = ({ entry, env }: Options, threads: number): Effect.Effect<Member, unknown> =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const ended = yield* Deferred.make<Ended>()
    const child = fork(entry, [], {
      env: env(threads),
      execArgv: [],
      stdio: ["ignore", "ignore", "pipe", "ipc"]
    })
    let lastWords = ""
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      lastWords = (lastWords + text).slice(-LAST_WORDS)
    })
    // the signal of a dead child is known to the ChildProcess alone; "close" waits for the rest of its stderr
    child.once("close", (code, signal) =>
      Deferred.unsafeDone(ended, Exit.succeed({ code, signal, lastWords: lastWords.trim() }))
    )
    const worker = yield* Worker.makeSerialized<ComputeNode>({}).pipe(
      Effect.provide(NodeWorker.layer(() => child)),
      Scope.extend(scope),
      Effect.raceFirst(Effect.flatMap(Deferred.await(ended), (how) => Effect.fail(how))),
      Effect.timeoutFail({ duration: SPAWN_TIMEOUT, onTimeout: () => ({ ...NEVER_SPOKE }) }),
      // a member is acquired uninterruptibly: here losers of the race must end, and an interrupted run must not wait
      Effect.interruptible,
      Effect.onError((cause) =>
        Effect.zipRight(
          Effect.sync(() => child.kill("SIGKILL")),
          Scope.close(scope, Exit.failCause(cause))
        )
      )
    )
    return { execute: worker.execute, ended, child, scope } satisfies Member
  })

/** Ends a worker: an idle one is asked and exits, a busy one is killed when it does not. */
const end = ({ child, scope }: Member): Effect.Effect<void> =>
  Effect.suspend(() => {
    const timer = setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MILLIS)
    return Effect.ensuring(
      Effect.ignore(Scope.close(scope, Exit.void)),
      Effect.sync(() => clearTimeout(timer))
    )
  })

const isEnded = (member: Member): boolean => member.child.exitCode !== null || member.child.signalCode !== null

/** Computes one node on a worker, telling the caller how far it is. */
const computeOn = (member: Member, task: Task): Effect.Effect<Trace, ExecuteFailure> => {
  const node = task.entry.name
  const request = new ComputeNode({
    pipeline: task.pipeline,
    params: task.params,
    node,
    key: task.key,
    isAgain: task.isAgain,
    outputs: task.outputs
  })
  const died = Effect.gen(function* () {
    const mask = masked(secretsOf(task), yield* Environment)
    const { lastWords, ...how } = yield* Deferred.await(member.ended)
    return yield* new WorkerDied({ node, ...how, lastWords: mask(lastWords) })
  })
  const answer = Effect.gen(function* () {
    const listen = yield* ProgressListener
    const hearDamage = yield* DamageListener
    const last = yield* member.execute(request).pipe(
      Stream.tap((message) => {
        if (message._tag === "Progressed") return listen(message)
        return message._tag === "Damaged" ? hearDamage(message.what) : Effect.void
      }),
      Stream.filterMap((message) => (message._tag === "Computed" ? Option.some(message.trace) : Option.none())),
      Stream.runLast
    )
    return yield* Option.match(last, {
      onNone: () =>
        new NodeFailed({
          node,
          tag: "NoAnswer",
          what: `The worker of ${node} ended without a result; expected one. Run again.`,
          error: null
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
                  tag: "WorkerFailed",
                  what: `The worker of ${node} answered what it must not: ${String(error)}; expected a result. Run again.`,
                  error: null
                })
              ),
              "1 second"
            )
          )
    ),
    Effect.raceFirst(died)
  )
}

const TAGS: ReadonlyArray<string> = ["NodeFailed", "InputLost", "WorkerDied", "KeyRefused"] satisfies ReadonlyArray<
  ExecuteFailure["_tag"]
>
const isFailure = (error: unknown): error is ExecuteFailure =>
  typeof error === "object" && error !== null && "_tag" in error && TAGS.includes(String(error._tag))

/**
 * Computes in worker processes, one node at a time each, so that a native abort costs one node. Workers live for many
 * nodes; the one that was used last is used next, for what it has loaded. None is started before a node needs it. A node
 * whose facts tell its native `threads` has a worker with as many.
 */
export const layerWorkerProcess = (options: Options): Layer.Layer<Executor> =>
  Layer.scoped(
    Executor,
    Effect.gen(function* () {
      const pools = new Map<number, Array<Member>>()
      /** Members with nothing to do that have the node's number of native threads. */
      const idleFor = ({ text }: Task) => {
        const threads = typeof text.facts.threads === "number" ? text.facts.threads : options.threads
        const idle = pools.get(threads) ?? []
        pools.set(threads, idle)
        return { threads, idle }
      }
      yield* Effect.addFinalizer(() =>
        Effect.forEach([...pools.values()].flat(), end, { concurrency: "unbounded", discard: true })
      )
      const take = (task: Task) =>
        Effect.suspend(() => {
          const { threads, idle } = idleFor(task)
          const member = idle.pop()
          if (member !== undefined && !isEnded(member)) return Effect.succeed(member)
          return Effect.mapError(spawn(options, threads), (error) => {
            const {
              signal = null,
              code = null,
              lastWords = String(error)
            } = (typeof error === "object" ? error : {}) as Partial<Ended>
            return new WorkerDied({ node: task.entry.name, signal, code, lastWords })
          })
        })
      const putBack = (task: Task) => (member: Member, exit: Exit.Exit<unknown, unknown>) => {
        // an interrupted node may still be at work in there
        if (Exit.isInterrupted(exit) || isEnded(member)) return end(member)
        return Effect.sync(() => void idleFor(task).idle.push(member))
      }
      return {
        execute: (task) => Effect.acquireUseRelease(take(task), (member) => computeOn(member, task), putBack(task))
      }
    })
  )
