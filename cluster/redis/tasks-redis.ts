import { randomBytes } from "node:crypto"
import { Queue, QueueEvents } from "bullmq"
import { Deferred, Effect, Queue as EffectQueue, Either, Layer, Runtime, Schedule, Schema, Scope } from "effect"
import { NodeFailed } from "../../engine/Failure.ts"
import { coresOf } from "../../engine/Node.ts"
import { ComputeNode } from "../../engine/WorkerProtocol.ts"
import * as Answer from "../Answer.ts"
import * as Need from "../Need.ts"
import { ClusterListener, type Handed, nameOf, Tasks, type TasksFailed } from "../Tasks.ts"
import { ALIVE_EVERY, ALIVE_MILLIS, type Cluster, call } from "./Cluster.ts"
import { another, ask } from "./connection.ts"
import * as Presence from "./Presence.ts"
import { JOB, MOST_DEATHS, NOBODY_WAITS, options, queueOf } from "./queue.ts"

/** What is needed is known for so long after somebody last said so. */
const NEED_MILLIS = 24 * 60 * 60 * 1000
/** So much of what is said of tasks is kept, for those whose connection broke. */
const MOST_EVENTS = 5000
/** All workers hear a call: of what is added together, one is told. */
const CALLING = "20 millis"
/** How often it is looked whether the tasks are still there: a server may lose them. */
const LOOKING = "5 seconds"

const encodeRequest = Schema.encodeSync(ComputeNode)
const decodeSaid = Schema.decodeUnknownEither(Answer.Said)

/** A task that a command waits for. */
interface Waiting extends Handed {
  readonly task: string
  readonly answer: Deferred.Deferred<Answer.Answer>
  /** How often in a row it was found to be gone: its end may be told a moment later. */
  missed: number
}

/** Where tasks of one need go, and what is said of them. */
interface Lane {
  readonly queue: Queue
  /** Calls the workers that can compute these. */
  readonly ring: Effect.Effect<void>
}

const died = (node: string): Answer.Answer => ({
  _tag: "Failed",
  printed: "",
  failure: new NodeFailed({
    node,
    explained: {
      tag: "WorkersLost",
      what: `${MOST_DEATHS} workers that computed ${node} were lost one after the other`,
      expected: "one of them to finish it",
      fix: "It may be what ends them: see what they say, or compute it here (pipeline run without --on), where its last words are told. Run again: what is finished is not computed again."
    }
  })
})

const garbled = (node: string): Answer.Answer => ({
  _tag: "Failed",
  printed: "",
  failure: new NodeFailed({
    node,
    explained: {
      tag: "AnswerRefused",
      what: `A worker's answer for ${node} is none`,
      expected: "what this version of Headrace says",
      fix: "See that all workers have the same version of Headrace, and run again."
    }
  })
})

const make = (cluster: Cluster): Effect.Effect<typeof Tasks.Service, TasksFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const { client, key, prefix } = cluster
    const scope = yield* Effect.scope
    const tell = yield* ClusterListener
    const runFork = Runtime.runFork(yield* Effect.runtime())
    const command = randomBytes(8).toString("hex")
    const waiting = new Map<string, Waiting>()
    const needed = new Map<string, Handed>()

    const alive = ask(cluster, () => client.set(key.command(command), "", "PX", ALIVE_MILLIS))
    yield* alive
    yield* Effect.addFinalizer(() =>
      Effect.ignore(
        Effect.timeout(
          ask(cluster, () => client.del(key.command(command))),
          "1 second"
        )
      )
    )
    // what a server refuses now, it may take the next time
    yield* Effect.forkScoped(Effect.repeat(Effect.ignore(alive), Schedule.spaced(ALIVE_EVERY)))

    const endOf = (task: string, answer: (node: string) => Answer.Answer) =>
      Effect.suspend(() => {
        const one = waiting.get(task)
        return one === undefined ? Effect.void : Deferred.succeed(one.answer, answer(one.request.node))
      })

    /** Adds a task; one that is there already is joined. */
    const add = ({ queue, ring }: Lane, { task, request }: Waiting) =>
      Effect.gen(function* () {
        yield* ask(cluster, () =>
          client.multi().sadd(key.waiting(task), command).pexpire(key.waiting(task), NEED_MILLIS).exec()
        )
        yield* ask(cluster, () => queue.add(request.node, encodeRequest(request), { ...JOB, jobId: task }))
        yield* ring
      })
    /** The same for a task that is waited for already: what the server refuses is tried again by whoever looks. */
    const addAgain = (lane: Lane, one: Waiting) => Effect.ignore(add(lane, one))

    /** Tells of a task that was there already who is at it. */
    const tellWho = ({ queue }: Lane, { task, hear }: Waiting) =>
      Effect.gen(function* () {
        const job = yield* Effect.tryPromise(() => queue.getJob(task))
        if (typeof job?.processedBy === "string") yield* hear({ _tag: "Placed", by: job.processedBy })
      }).pipe(Effect.ignore)

    const sayNeeded = ({ need, request }: Handed) =>
      ask(cluster, () =>
        client
          .multi()
          .set(key.need(need.id), Need.encode({ request, share: need.share, text: need.text }), "PX", NEED_MILLIS)
          .sadd(key.needs, need.id)
          .exec()
      ).pipe(Effect.zipRight(call(cluster, { _tag: "Needed", need: need.id })))

    /** Who can compute it, and what others lack for that. */
    const offersFor = (workers: ReadonlyArray<Presence.Presence>, need: string) => {
      const own = workers.filter((one) => one.cluster === cluster.id)
      const answers = own.flatMap(({ name, jobs, asked }) =>
        asked.flatMap((one) => (one.need === need ? [{ name, jobs, lacks: one.lacks }] : []))
      )
      return {
        silent: own.length - answers.length,
        able: answers.filter(({ lacks }) => lacks.length === 0),
        unable: answers.filter(({ lacks }) => lacks.length > 0),
        elsewhere: workers.filter((one) => one.cluster !== cluster.id)
      }
    }

    /** What was last told of those who can't compute a need. */
    const toldOf = new Map<string, string>()
    /** Says of something that is needed who can't compute it and why, and that nobody can: once, until that is otherwise. */
    const tellOffers = ({ need, request }: Handed, workers: ReadonlyArray<Presence.Presence>) =>
      Effect.gen(function* () {
        const { able, unable, elsewhere } = offersFor(workers, need.id)
        const reasons = unable.map(({ name, lacks }) => `${name}: ${lacks.join(", ")}`)
        const others = elsewhere.map(({ name, store }) => `${name} works with ${store}`)
        const known = [...reasons, ...others].join("; ") || "no worker is there"
        const message =
          able.length === 0
            ? `Nobody can compute ${request.node} yet (${known}): it waits for a worker that can. pipeline worker --on ${cluster.shown} starts one, with the same checkout, shared store and machine.`
            : reasons.length > 0
              ? `${request.node} is not computed by ${reasons.join("; ")}.`
              : ""
        if (toldOf.get(need.id) === message) return
        toldOf.set(need.id, message)
        if (message !== "") yield* tell(message)
      })
    /** The same once all workers have had the time to say what they can. */
    const firstOffers = ({ need }: Handed) =>
      Presence.list(cluster).pipe(
        Effect.repeat({
          schedule: Schedule.intersect(Schedule.spaced("200 millis"), Schedule.recurs(10)),
          until: (workers) => {
            const { silent, able, unable } = offersFor(workers, need.id)
            return silent === 0 && able.length + unable.length > 0
          }
        }),
        Effect.zipRight(Presence.list(cluster))
      )

    /** Hears what is said of the tasks of a queue, from an event on, as long as all of it can be read. */
    const follow = (lane: Lane, from: string) =>
      Effect.gen(function* () {
        const events = new QueueEvents(lane.queue.name, {
          ...options(cluster),
          connection: yield* another(client),
          autorun: false,
          lastEventId: from
        })
        // the connection tells what there is to tell
        events.on("error", () => undefined)
        yield* Effect.addFinalizer(() => Effect.ignore(Effect.tryPromise(() => events.close())))
        events.on("completed", ({ jobId, returnvalue }) => {
          const answer = Answer.decode(String(returnvalue))
          runFork(endOf(jobId, Either.isRight(answer) ? () => answer.right : garbled))
        })
        events.on("failed", ({ jobId, failedReason }) => {
          const one = waiting.get(jobId)
          if (one === undefined) return
          // it was given up for want of anybody who waits: this command came just then
          runFork(failedReason === NOBODY_WAITS ? addAgain(lane, one) : endOf(jobId, died))
        })
        events.on("progress", ({ jobId, data }) => {
          const said = decodeSaid(data)
          const one = waiting.get(jobId)
          if (one !== undefined && Either.isRight(said)) runFork(one.hear(said.right))
        })
        events.on("duplicated", ({ jobId }) => {
          const one = waiting.get(jobId)
          if (one !== undefined) runFork(tellWho(lane, one))
        })
        yield* Effect.tryPromise(() => events.run())
      }).pipe(Effect.scoped)

    const lanes = new Map<string, Effect.Effect<Lane, TasksFailed>>()
    const open = (handed: Handed): Effect.Effect<Lane, TasksFailed> =>
      Effect.gen(function* () {
        const name = queueOf(handed.need.id)
        const queue = new Queue(name, {
          ...options(cluster),
          streams: { events: { maxLen: MOST_EVENTS } }
        })
        queue.on("error", () => undefined)
        yield* Effect.addFinalizer(() => Effect.ignore(Effect.tryPromise(() => queue.close())))
        const bell = yield* EffectQueue.sliding<void>(1)
        const ringing = Effect.zipRight(
          EffectQueue.take(bell),
          Effect.ignore(call(cluster, { _tag: "Work", need: handed.need.id }))
        )
        yield* Effect.forkScoped(Effect.forever(Effect.delay(ringing, CALLING)))
        const lane: Lane = { queue, ring: Effect.asVoid(EffectQueue.offer(bell, undefined)) }
        const last = Effect.map(
          ask(cluster, () => client.xrevrange(`${prefix}:${name}:events`, "+", "-", "COUNT", 1)),
          ([event]) => event?.[0] ?? "0-0"
        )
        // from here on: what was said of a task of the same name before is of another time
        const from = yield* last
        // what nobody can read is passed over; an end that is missed with it shows when it is looked for the task
        const following = Effect.catchAll(follow(lane, from), () =>
          Effect.forever(Effect.delay(Effect.ignore(Effect.flatMap(last, (later) => follow(lane, later))), "1 second"))
        )
        yield* Effect.forkScoped(following)
        needed.set(handed.need.id, handed)
        yield* sayNeeded(handed)
        yield* Effect.forkScoped(
          Effect.flatMap(firstOffers(handed), (workers) => tellOffers(handed, workers)).pipe(
            // it is looked again
            Effect.ignore,
            Effect.delay("200 millis")
          )
        )
        return lane
      }).pipe(Scope.extend(scope))
    const laneOf = (handed: Handed): Effect.Effect<Lane, TasksFailed> =>
      Effect.suspend(() => {
        const known = lanes.get(handed.need.id)
        if (known !== undefined) return known
        const opening = Effect.runSync(Effect.cached(open(handed)))
        lanes.set(handed.need.id, opening)
        return opening
      })

    /** Hands out anew what the server has lost: it keeps nothing that can't be said again. */
    const look = Effect.gen(function* () {
      const all = [...waiting.values()]
      if (all.length === 0) return
      const asking = client.pipeline()
      for (const { task, need } of all) asking.exists(`${prefix}:${queueOf(need.id)}:${task}`)
      for (const need of needed.keys()) asking.pexpire(key.need(need), NEED_MILLIS)
      const found = (yield* ask(cluster, () => asking.exec())) ?? []
      for (const [at, one] of all.entries()) {
        one.missed = found[at]?.[1] === 0 ? one.missed + 1 : 0
        if (one.missed < 2 || !waiting.has(one.task)) continue
        one.missed = 0
        yield* addAgain(yield* laneOf(one), one)
      }
      for (const [at, handed] of [...needed.values()].entries())
        if (found[all.length + at]?.[1] === 0) yield* sayNeeded(handed)
      const open = new Set(all.map(({ need }) => need.id))
      const workers = yield* Presence.list(cluster)
      // one that has just been asked for is told of by itself
      for (const [need, handed] of needed) if (open.has(need) && toldOf.has(need)) yield* tellOffers(handed, workers)
    })
    yield* Effect.forkScoped(Effect.repeat(Effect.ignore(look), Schedule.spaced(LOOKING)))

    /** Takes back that this command waits; calls the task off where nobody else does. */
    const leave = (one: Waiting) =>
      Effect.gen(function* () {
        yield* ask(cluster, () => client.srem(key.waiting(one.task), command))
        const others = yield* ask(cluster, () => client.smembers(key.waiting(one.task)))
        const alive = others.length === 0 ? 0 : yield* ask(cluster, () => client.exists(others.map(key.command)))
        if (alive > 0) return
        const { queue } = yield* laneOf(one)
        // one that is being computed can't be removed: its worker is told
        yield* Effect.ignore(Effect.tryPromise(() => queue.remove(one.task)))
        yield* call(cluster, { _tag: "CalledOff", task: one.task })
      }).pipe(Effect.timeout("2 seconds"), Effect.ignore)

    return {
      width: (handed) =>
        Effect.gen(function* () {
          yield* laneOf(handed)
          const { able } = offersFor(yield* firstOffers(handed), handed.need.id)
          return able.reduce((sum, { jobs }) => sum + Math.floor(jobs / coresOf(handed.need.share, jobs)), 0)
        }),
      compute: (handed) =>
        Effect.gen(function* () {
          const task = nameOf(handed.request)
          const one: Waiting = { ...handed, task, answer: yield* Deferred.make<Answer.Answer>(), missed: 0 }
          const lane = yield* laneOf(handed)
          return yield* Effect.acquireUseRelease(
            Effect.sync(() => waiting.set(task, one)),
            () =>
              Effect.zipRight(add(lane, one), Deferred.await(one.answer)).pipe(
                Effect.onInterrupt(() => leave(one)),
                Effect.tap(() => Effect.ignore(ask(cluster, () => client.srem(key.waiting(task), command))))
              ),
            () => Effect.sync(() => void waiting.delete(task))
          )
        })
    }
  })

/** Hands tasks to the workers of a cluster. */
export const layer = (cluster: Cluster): Layer.Layer<Tasks, TasksFailed> => Layer.scoped(Tasks, make(cluster))
