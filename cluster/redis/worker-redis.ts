import { randomBytes, randomUUID } from "node:crypto"
import { hostname } from "node:os"
import { type Job, Worker } from "bullmq"
import { Cause, Effect, Either, FiberMap, Queue, Runtime, Schedule, Schema, type Scope } from "effect"
import { explain } from "../../artifacts/Explained.ts"
import * as Text from "../../artifacts/Text.ts"
import * as Key from "../../cache/Key.ts"
import { Release } from "../../cache/Release.ts"
import { coresOf } from "../../engine/Node.ts"
import type { AnyPipeline } from "../../engine/Pipeline.ts"
import { nodeOf } from "../../engine/Request.ts"
import { ComputeNode } from "../../engine/WorkerProtocol.ts"
import * as Answer from "../Answer.ts"
import * as Need from "../Need.ts"
import type { TasksFailed } from "../Tasks.ts"
import { type Needs, perform } from "../Work.ts"
import { type Cluster, decodeCall } from "./Cluster.ts"
import { another, ask } from "./connection.ts"
import * as Presence from "./Presence.ts"
import { LOCK_MILLIS, LOCK_RENEWED_EVERY, NOBODY_WAITS, queueOf, TOO_MANY_DIED, workerOptions } from "./queue.ts"

/** What a worker does for a cluster, for whoever shows it. */
export type Working =
  | { readonly _tag: "Began"; readonly task: string; readonly pipeline: string; readonly node: string }
  | {
      readonly _tag: "Ended"
      readonly task: string
      readonly node: string
      readonly how: "done" | "failed" | "called off" | "taken over"
    }
  /** It was asked whether it can compute what a stage needs. */
  | { readonly _tag: "Asked"; readonly stage: string; readonly lacks: ReadonlyArray<string> }

export interface Options {
  /** How many nodes of one core are computed side by side. */
  readonly jobs: number
  /** The project's folder, and the shared store and namespace, as people are told of them. */
  readonly project: string
  readonly store: string
  readonly hear: (working: Working) => Effect.Effect<void>
  /** What goes around the work of each task. */
  readonly during: <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/** Something that is needed, and that this worker can compute. */
interface Offer {
  readonly worker: Worker<unknown, string>
  readonly cost: number
}

/** How often it is looked for tasks of which no call was heard. */
const LOOKING = "1 second"
/** How often a task's progress is told, at most. */
const TELLING_MILLIS = 1000

const decodeRequest = Schema.decodeUnknownEither(ComputeNode)

/** What is written to a server that may be away: none of it keeps what goes on here. */
const gently = (write: () => Promise<unknown>) => Effect.ignore(Effect.tryPromise(write))

/** The commands that wait for a task, of which each has a name that lives as long as it does: how many live. */
const WAITING = `local living = 0
for _, command in ipairs(redis.call("SMEMBERS", KEYS[1])) do living = living + redis.call("EXISTS", KEYS[2] .. command) end
return living`

/** Whether a command lives that waits for a task. */
const isWaitedFor = (cluster: Cluster, task: string): Effect.Effect<boolean, TasksFailed> =>
  ask(cluster, async () => {
    const { client, key } = cluster
    return Number(await client.eval(WAITING, 2, key.waiting(task), key.command(""))) > 0
  })

/**
 * Computes for a cluster as long as its scope lasts: what it can compute, and has room for. A task that it loses, since it was silent for too long or
 * the task was called off, is given up; those that it has when it ends are given back at once.
 */
export const work = <S>(
  cluster: Cluster,
  pipelines: ReadonlyArray<AnyPipeline<unknown, S>>,
  { jobs, project, store, hear, during }: Options
): Effect.Effect<never, TasksFailed, Needs | S | Scope.Scope> =>
  Effect.gen(function* () {
    const { client, key } = cluster
    const runFork = Runtime.runFork(yield* Effect.runtime())
    const { version } = yield* Release
    const name = `${hostname()}:${process.pid}`
    const since = yield* Presence.serverMillis(cluster)
    const begun = performance.now()
    /** By the server's clock, without asking it again: this machine's own measures only how long it is since. */
    const serverMillis = () => since + Math.round(performance.now() - begun)
    const id = randomBytes(8).toString("hex")

    const offers = new Map<string, Offer>()
    const asked = new Map<string, Presence.Presence["asked"][number]>()
    const doing = new Map<string, Presence.Presence["doing"][number]>()
    const calledOff = new Set<string>()
    let free = jobs
    const bell = yield* Queue.sliding<void>(1)
    const ring = Queue.offer(bell, undefined)

    const announce = yield* Presence.announce(cluster, () => ({
      id,
      name,
      cluster: cluster.id,
      project,
      version,
      store,
      jobs,
      since,
      doing: [...doing.values()],
      asked: [...asked.values()]
    }))
    const claims = yield* FiberMap.make<string>()

    /** Whether this worker computes the same as whoever needs it. */
    const lacksFor = (told: Need.Told): Effect.Effect<ReadonlyArray<string>, never, Needs | S> =>
      Effect.gen(function* () {
        const own = yield* Effect.either(nodeOf(pipelines, told.request))
        if (Either.isLeft(own)) return [Text.show(explain(own.left).what)]
        const needed = Either.getOrNull(Key.ofText(told.text))
        return needed === own.right.key ? [] : Need.lacks(told.text, own.right.text)
      })

    const consider = (need: string): Effect.Effect<void, TasksFailed, Needs | S | Scope.Scope> =>
      Effect.gen(function* () {
        if (asked.has(need)) return
        const text = yield* ask(cluster, () => client.get(key.need(need)))
        // nobody needs it any more; who does, says so again
        if (text === null) return void (yield* ask(cluster, () => client.srem(key.needs, need)))
        const told = Need.decode(text)
        // another version of Headrace says it otherwise
        if (Either.isLeft(told)) return
        const { stage } = told.right.text
        const lacks = yield* lacksFor(told.right)
        asked.set(need, { need, stage, lacks })
        if (lacks.length === 0) {
          const worker = new Worker<unknown, string>(queueOf(need), null, workerOptions(cluster, name))
          worker.on("error", () => undefined)
          yield* Effect.addFinalizer(() => gently(() => worker.close(true)))
          yield* gently(() => worker.startStalledCheckTimer())
          offers.set(need, { worker, cost: coresOf(told.right.share, jobs) })
        }
        yield* hear({ _tag: "Asked", stage, lacks })
        yield* announce
        yield* ring
      })

    /** Tells of a task what is new of it, in their order, and no more often than people look. */
    const telling = (job: Job<unknown, string>) =>
      Effect.gen(function* () {
        const said = yield* Queue.sliding<Answer.Said>(4)
        let told = Number.NEGATIVE_INFINITY
        const tell = Effect.flatMap(Queue.take(said), (one) => gently(() => job.updateProgress(one)))
        yield* Effect.forkScoped(Effect.forever(tell))
        return (one: Answer.Said) =>
          Effect.suspend(() => {
            const now = performance.now()
            if (one._tag === "Progressed" && now - told < TELLING_MILLIS) return Effect.void
            told = now
            return Queue.offer(said, one)
          })
      })

    /** Returns once somebody else has the task: this worker was silent for too long. */
    const lost = ({ worker }: Offer, task: string, token: string) =>
      Effect.promise(() => worker.extendJobLocks([task], [token], LOCK_MILLIS)).pipe(
        Effect.catchAllCause(() => Effect.succeed([])),
        Effect.repeat({ schedule: Schedule.spaced(LOCK_RENEWED_EVERY), until: (failed) => failed.length > 0 })
      )

    /** Computes a task that this worker has, and answers. */
    const carryOut = (offer: Offer, job: Job<unknown, string>, token: string) =>
      Effect.gen(function* () {
        const task = job.id ?? ""
        if (job.deferredFailure !== undefined)
          return yield* gently(() => job.moveToFailed(new Error(TOO_MANY_DIED), token))
        const request = decodeRequest(job.data)
        if (Either.isLeft(request) || !(yield* isWaitedFor(cluster, task)))
          return yield* gently(() => job.moveToFailed(new Error(NOBODY_WAITS), token))
        const { pipeline, node } = request.right
        doing.set(task, { task, pipeline, node, since: serverMillis() })
        yield* announce
        yield* hear({ _tag: "Began", task, pipeline, node })
        const say = yield* telling(job)
        yield* say({ _tag: "Placed", by: name })
        const ended = (how: Extract<Working, { readonly _tag: "Ended" }>["how"]) =>
          hear({ _tag: "Ended", task, node, how })
        const answer = yield* Effect.raceFirst(
          during(perform(pipelines, request.right, say)),
          Effect.as(lost(offer, task, token), null)
        ).pipe(
          Effect.onInterrupt(() =>
            calledOff.delete(task)
              ? Effect.zipRight(
                  gently(() => job.moveToFailed(new Error(NOBODY_WAITS), token)),
                  ended("called off")
                )
              : gently(() => job.moveToWait(token))
          )
        )
        if (answer === null) return yield* ended("taken over")
        // refused where somebody else has the task by now, whose answer is as good
        yield* gently(() => job.moveToCompleted(Answer.encode(answer), token, false))
        yield* ended(answer._tag === "Failed" ? "failed" : "done")
      }).pipe(
        Effect.scoped,
        // the claim runs out, and it is handed out again
        Effect.ignore,
        Effect.ensuring(
          Effect.suspend(() => {
            free += offer.cost
            doing.delete(job.id ?? "")
            return Effect.zipRight(ring, announce)
          })
        )
      )

    /** Takes what waits, as much as there is room for: what takes most of the machine first, while there is room for that. */
    const take = Effect.gen(function* () {
      for (const offer of [...offers.values()].sort((one, other) => other.cost - one.cost)) {
        while (offer.cost <= free) {
          const token = randomUUID()
          const job = yield* Effect.promise(() => offer.worker.getNextJob(token, { block: false }))
          if (job?.id === undefined) break
          free -= offer.cost
          yield* FiberMap.run(claims, job.id, carryOut(offer, job, token))
        }
      }
    }).pipe(Effect.catchAllCause((cause) => (Cause.isInterrupted(cause) ? Effect.failCause(cause) : Effect.void)))

    const listener = yield* another(client)
    const hearing = yield* Effect.context<Needs | S | Scope.Scope>()
    const onCall = (message: string): Effect.Effect<void, never, Needs | S | Scope.Scope> => {
      const call = decodeCall(message)
      if (Either.isLeft(call)) return Effect.void
      switch (call.right._tag) {
        case "Work":
          return offers.has(call.right.need) ? Effect.asVoid(ring) : Effect.void
        case "Needed":
          return Effect.ignore(consider(call.right.need))
        case "CalledOff": {
          const { task } = call.right
          if (!doing.has(task)) return Effect.void
          calledOff.add(task)
          return FiberMap.remove(claims, task)
        }
      }
    }
    listener.on("message", (_, message) => runFork(Effect.provide(onCall(message), hearing)))
    yield* ask(cluster, () => listener.subscribe(cluster.channel))

    /** What was needed before this worker came, or while it could not be told. */
    const considerAll = Effect.gen(function* () {
      const names = yield* ask(cluster, () => client.smembers(key.needs))
      yield* Effect.forEach(names, consider, { discard: true })
    })
    yield* considerAll
    const looking = Effect.zipRight(
      take,
      Effect.raceFirst(Queue.take(bell), Effect.zipRight(Effect.sleep(LOOKING), Effect.ignore(considerAll)))
    )
    return yield* Effect.forever(looking)
  })
