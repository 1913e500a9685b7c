import { randomBytes } from "node:crypto"
import { Queue, QueueEvents } from "bullmq"
import { Deferred, Effect, Either, Layer, Runtime, Schedule, Schema, Scope } from "effect"
import { NodeFailed } from "../../engine/Failure.ts"
import { coresOf } from "../../engine/Node.ts"
import { ComputeNode } from "../../engine/WorkerProtocol.ts"
import * as Answer from "../Answer.ts"
import * as Need from "../Need.ts"
import { ClusterListener, type Handed, nameOf, Tasks, type TasksFailed } from "../Tasks.ts"
import { ALIVE_EVERY, ALIVE_MILLIS, type Cluster, call } from "./Cluster.ts"
import { another } from "./connection.ts"
import * as Presence from "./Presence.ts"
import { JOB, MOST_DEATHS, NOBODY_WAITS, options, queueOf } from "./queue.ts"

/** What is needed is known for so long after somebody last said so. */
const NEED_MILLIS = 24 * 60 * 60 * 1000
/** So much of what is said of tasks is kept, for those whose connection broke. */
const MOST_EVENTS = 5000
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

const make = (cluster: Cluster): Effect.Effect<typeof Tasks.Service, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { client, key, prefix } = cluster
    const scope = yield* Effect.scope
    const tell = yield* ClusterListener
    const runFork = Runtime.runFork(yield* Effect.runtime())
    const command = randomBytes(8).toString("hex")
    const waiting = new Map<string, Waiting>()
    const needed = new Map<string, Handed>()

    const alive = Effect.promise(() => client.set(key.command(command), "", "PX", ALIVE_MILLIS))
    yield* alive
    yield* Effect.addFinalizer(() =>
      Effect.ignore(
        Effect.timeout(
          Effect.promise(() => client.del(key.command(command))),
          "1 second"
        )
      )
    )
    yield* Effect.forkScoped(Effect.repeat(alive, Schedule.spaced(ALIVE_EVERY)))

    const endOf = (task: string, answer: (node: string) => Answer.Answer) =>
      Effect.suspend(() => {
        const one = waiting.get(task)
        return one === undefined ? Effect.void : Deferred.succeed(one.answer, answer(one.request.node))
      })

    /** Adds a task; one that is there already is joined, and who is at it told of. */
    const add = ({ queue }: Lane, { task, request, need, hear }: Waiting) =>
      Effect.gen(function* () {
        yield* Effect.promise(() =>
          client.multi().sadd(key.waiting(task), command).pexpire(key.waiting(task), NEED_MILLIS).exec()
        )
        yield* Effect.promise(() => queue.add(request.node, encodeRequest(request), { ...JOB, jobId: task }))
        yield* call(cluster, { _tag: "Work", need: need.id })
        const job = yield* Effect.promise(() => queue.getJob(task))
        if (job?.processedBy !== undefined) yield* hear({ _tag: "Placed", by: job.processedBy })
      })

    const sayNeeded = ({ need, request }: Handed) =>
      Effect.promise(() =>
        client
          .multi()
          .set(key.need(need.id), Need.encode({ request, share: need.share, text: need.text }), "PX", NEED_MILLIS)
          .sadd(key.needs, need.id)
          .exec()
      ).pipe(Effect.zipRight(call(cluster, { _tag: "Needed", need: need.id })))

    /** Who can compute it, and what others lack for that. */
    const offersFor = (need: string) =>
      Effect.map(Presence.list(client), (workers) => {
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
      })

    /** What was last told of those who can't compute a need. */
    const toldOf = new Map<string, string>()
    /** Says of something that is needed who can't compute it and why, and that nobody can: once, until that is otherwise. */
    const tellOffers = ({ need, request }: Handed) =>
      Effect.gen(function* () {
        const { able, unable, elsewhere } = yield* offersFor(need.id)
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
      offersFor(need.id).pipe(
        Effect.repeat({
          schedule: Schedule.intersect(Schedule.spaced("200 millis"), Schedule.recurs(10)),
          until: ({ silent, able, unable }) => silent === 0 && able.length + unable.length > 0
        }),
        Effect.zipRight(offersFor(need.id))
      )

    const lanes = new Map<string, Effect.Effect<Lane>>()
    const open = (handed: Handed): Effect.Effect<Lane> =>
      Effect.gen(function* () {
        const name = queueOf(handed.need.id)
        const queue = new Queue(name, {
          ...options(cluster),
          streams: { events: { maxLen: MOST_EVENTS } }
        })
        const listener = yield* another(client)
        // from here on: what was said of a task of the same name before is of another time
        const [last] = yield* Effect.promise(() => listener.xrevrange(`${prefix}:${name}:events`, "+", "-", "COUNT", 1))
        const events = new QueueEvents(name, {
          ...options(cluster),
          connection: listener,
          lastEventId: last?.[0] ?? "0-0"
        })
        // the connection tells what there is to tell
        queue.on("error", () => undefined)
        events.on("error", () => undefined)
        yield* Effect.addFinalizer(() =>
          Effect.ignore(Effect.tryPromise(() => Promise.all([events.close(), queue.close()])))
        )
        const lane = { queue }
        events.on("completed", ({ jobId, returnvalue }) => {
          const answer = Answer.decode(String(returnvalue))
          runFork(endOf(jobId, Either.isRight(answer) ? () => answer.right : garbled))
        })
        events.on("failed", ({ jobId, failedReason }) => {
          const one = waiting.get(jobId)
          if (one === undefined) return
          // it was given up for want of anybody who waits: this command came just then
          runFork(failedReason === NOBODY_WAITS ? add(lane, one) : endOf(jobId, died))
        })
        events.on("progress", ({ jobId, data }) => {
          const said = decodeSaid(data)
          const one = waiting.get(jobId)
          if (one !== undefined && Either.isRight(said)) runFork(one.hear(said.right))
        })
        needed.set(handed.need.id, handed)
        yield* sayNeeded(handed)
        yield* Effect.forkScoped(
          Effect.zipRight(firstOffers(handed), tellOffers(handed)).pipe(Effect.delay("200 millis"))
        )
        return lane
      }).pipe(Scope.extend(scope))
    const laneOf = (handed: Handed): Effect.Effect<Lane> =>
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
      const found = (yield* Effect.promise(() => asking.exec())) ?? []
      for (const [at, one] of all.entries()) {
        one.missed = found[at]?.[1] === 0 ? one.missed + 1 : 0
        if (one.missed < 2 || !waiting.has(one.task)) continue
        one.missed = 0
        yield* add(yield* laneOf(one), one)
      }
      for (const [at, handed] of [...needed.values()].entries())
        if (found[all.length + at]?.[1] === 0) yield* sayNeeded(handed)
      const open = new Set(all.map(({ need }) => need.id))
      // one that has just been asked for is told of by itself
      for (const [need, handed] of needed) if (open.has(need) && toldOf.has(need)) yield* tellOffers(handed)
    })
    yield* Effect.forkScoped(
      Effect.repeat(
        Effect.catchAllDefect(look, () => Effect.void),
        Schedule.spaced(LOOKING)
      )
    )

    /** Takes back that this command waits; calls the task off where nobody else does. */
    const leave = (one: Waiting) =>
      Effect.gen(function* () {
        yield* Effect.promise(() => client.srem(key.waiting(one.task), command))
        const others = yield* Effect.promise(() => client.smembers(key.waiting(one.task)))
        const alive = others.length === 0 ? 0 : yield* Effect.promise(() => client.exists(others.map(key.command)))
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
          const { able } = yield* firstOffers(handed)
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
                Effect.tap(() => Effect.promise(() => client.srem(key.waiting(task), command)))
              ),
            () => Effect.sync(() => void waiting.delete(task))
          )
        })
    }
  })

/** Hands tasks to the workers of a cluster. */
export const layer = (cluster: Cluster): Layer.Layer<Tasks, TasksFailed> => Layer.scoped(Tasks, make(cluster))
