import { beforeEach, expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Schema } from "effect"
import * as Document from "../../artifacts/Document.ts"
import * as Lease from "../../cache/Lease.ts"
import * as ObjectStore from "../../cache/ObjectStore.ts"
import * as Trace from "../../cache/Trace.ts"
import { Code } from "../../engine/Code.ts"
import * as Executor from "../../engine/Executor.ts"
import type { Share } from "../../engine/Node.ts"
import * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Results from "../../engine/Results.ts"
import * as Run from "../../engine/Run.ts"
import * as RunEvent from "../../engine/RunEvent.ts"
import * as RunRecord from "../../engine/RunRecord.ts"
import * as Stage from "../../engine/Stage.ts"
import { wrap } from "../rig/broken.ts"
import { codeOf } from "../rig/code.ts"
import * as Toys from "../rig/toys.ts"

// Who computes when: cores of one machine, runs of several processes. Stages stand at latches, nothing sleeps.

const Done = Document.make("Done", 1, Schema.Struct({ number: Schema.Int }))

/** What a node does while it is computed, by its number. */
let during: (number: number) => Effect.Effect<void>
let running: Set<number>
let began: Array<number>

beforeEach(() => {
  during = () => Effect.void
  running = new Set()
  began = []
})

const number = Param.make(Schema.Int, 0, "Tells one node from another")
const work = (_: unknown, params: { readonly number: number }) =>
  Effect.gen(function* () {
    running.add(params.number)
    began.push(params.number)
    yield* during(params.number)
    running.delete(params.number)
    return { done: { number: params.number % 10 } }
  })
const stage = (name: string, share: Share) =>
  Stage.make({ name, inputs: {}, params: { number }, outputs: { done: Done }, share, run: work })
const oneCore = stage("one-core", "core")
const halfCores = stage("half-cores", "half")
const allCores = stage("all-cores", "machine")

/** From this number down nodes take half of the machine. */
const HALF = -10
const stageOf = (number: number) => (number <= HALF ? halfCores : number < 0 ? allCores : oneCore)

const many = Pipeline.make({
  name: "many",
  description: "Nodes that do not depend on each other; those below zero take the machine, or half of it",
  params: { numbers: Param.make(Schema.Array(Schema.Int), [], "A node each") },
  build: ({ numbers }) =>
    Object.fromEntries(numbers.map((number, index) => [`n${index}`, stageOf(number)({}, { number }).done]))
})

/** Told from the nodes before them by this much. */
const RELAYED = 100
const relay = Stage.make({
  name: "relay",
  inputs: { done: Done },
  outputs: { done: Done },
  run: ({ done }) => work(null, { number: RELAYED + done.number })
})
const relayed = Pipeline.make({
  name: "relayed",
  description: "A relay behind each node: numbers that end alike give theirs one key",
  params: many.params,
  build: ({ numbers }) =>
    Object.fromEntries(
      numbers.map((number, index) => [`n${index}`, relay({ done: oneCore({}, { number }).done }, {}).done])
    )
})

/** A cache that processes share; each has a run's own events. */
const cache = () => {
  const shared = Layer.mergeAll(ObjectStore.layerMemory(), Trace.layerMemory(), Lease.layerMemory)
  return Effect.map(
    Layer.build(shared),
    (context) =>
      (
        numbers: ReadonlyArray<number>,
        cores: number,
        pipeline = many,
        leases = (all: typeof Lease.Leases.Service) => all
      ) => {
        const events: Array<RunEvent.RunEvent> = []
        const layer = Layer.provideMerge(
          Executor.layerInProcess(many),
          Layer.mergeAll(
            Layer.succeedContext(context),
            wrap(Lease.Leases, Layer.succeedContext(context), leases),
            Layer.succeed(Code, { of: () => Effect.succeed(codeOf("any")) }),
            RunEvent.layerCollect(events),
            RunRecord.layerMemory(),
            Results.layerNone
          )
        )
        return { events, run: Effect.provide(Run.run(pipeline, { numbers }, { cores }), layer) }
      }
  )
}

/** Lets whoever can, run on. */
const settle = Effect.repeatN(Effect.yieldNow(), 500)
const tags = (events: ReadonlyArray<RunEvent.RunEvent>) => events.map(({ _tag }) => _tag)

it.scoped("nodes that do not depend on each other are computed at once, as many as there are cores", () =>
  Effect.gen(function* () {
    const process = yield* cache()
    const open = yield* Deferred.make<void>()
    during = () => Deferred.await(open)
    const { run } = process([1, 2, 3, 4, 5], 3)
    const fiber = yield* Effect.fork(run)
    yield* settle
    expect([...running]).toEqual([1, 2, 3])
    yield* Deferred.succeed(open, undefined)
    const record = yield* Fiber.join(fiber)
    expect(record.status).toBe("done")
    expect(began).toEqual([1, 2, 3, 4, 5])
  })
)

it.scoped("a core that is free is taken by the next node, whatever the others still do", () =>
  Effect.gen(function* () {
    const process = yield* cache()
    const open = yield* Deferred.make<void>()
    during = (number) => (number === 1 ? Deferred.await(open) : Effect.void)
    const fiber = yield* Effect.fork(process([1, 2, 3, 4], 2).run)
    yield* settle
    expect([...running]).toEqual([1])
    expect(began).toEqual([1, 2, 3, 4])
    yield* Deferred.succeed(open, undefined)
    expect((yield* Fiber.join(fiber)).status).toBe("done")
  })
)

it.scoped("a node that takes the machine is computed alone", () =>
  Effect.gen(function* () {
    const process = yield* cache()
    const beside: Array<readonly [number, number]> = []
    during = (number) =>
      Effect.gen(function* () {
        for (let turn = 0; turn < 50; turn++) {
          beside.push([number, running.size])
          yield* Effect.yieldNow()
        }
      })
    const record = yield* process([1, -1, 2, 3, -2, 4], 2).run
    expect(record.status).toBe("done")
    expect([...began].sort()).toEqual([-1, -2, 1, 2, 3, 4])
    const most = (of: (number: number) => boolean) =>
      Math.max(...beside.flatMap(([number, together]) => (of(number) ? [together] : [])))
    expect(most((number) => number < 0)).toBe(1)
    expect(most((number) => number > 0)).toBe(2)
  })
)

for (const [cores, together] of [
  [1, [-10]],
  [2, [-10, -11]],
  [3, [-10]],
  [4, [-10, -11]]
] as const) {
  it.scoped(`of nodes that take half of ${cores} cores, ${together.length} are computed at once`, () =>
    Effect.gen(function* () {
      const process = yield* cache()
      const open = yield* Deferred.make<void>()
      during = () => Deferred.await(open)
      const fiber = yield* Effect.fork(process([-10, -11, -12], cores).run)
      yield* settle
      expect([...running]).toEqual(together)
      yield* Deferred.succeed(open, undefined)
      expect((yield* Fiber.join(fiber)).status).toBe("done")
      expect(began).toEqual([-10, -11, -12])
    })
  )
}

it.scoped("a node that waits for a core is left to a process that has one free", () =>
  Effect.gen(function* () {
    const process = yield* cache()
    const open = yield* Deferred.make<void>()
    during = (number) => (number === 1 ? Deferred.await(open) : Effect.void)
    const busy = yield* Effect.fork(process([1, 2], 1).run)
    yield* settle
    expect(began).toEqual([1])
    const other = process([2], 1)
    const fiber = yield* Effect.fork(other.run)
    yield* settle
    expect(began).toEqual([1, 2])
    expect(tags(other.events)).not.toContain("NodeWaiting")
    expect((yield* Fiber.join(fiber)).status).toBe("done")
    yield* Deferred.succeed(open, undefined)
    expect((yield* Fiber.join(busy)).nodes.map(({ status }) => status)).toEqual(["ran", "reused"])
    expect(began).toEqual([1, 2])
  })
)

it.scoped("who waits for another process's node keeps no core, and takes what it yields", () =>
  Effect.gen(function* () {
    const process = yield* cache()
    const open = yield* Deferred.make<void>()
    during = (number) => (number === 1 ? Deferred.await(open) : Effect.void)
    const busy = yield* Effect.fork(process([1], 1).run)
    yield* settle
    const waiter = process([1, 2, -3], 1)
    const fiber = yield* Effect.fork(waiter.run)
    yield* settle
    expect(began).toEqual([1, 2, -3])
    expect(waiter.events.filter(({ _tag }) => _tag === "NodeWaiting").length).toBe(1)
    yield* Deferred.succeed(open, undefined)
    expect((yield* Fiber.join(busy)).status).toBe("done")
    expect(Toys.ran(yield* Fiber.join(fiber)).length).toBe(2)
    expect(began).toEqual([1, 2, -3])
  })
)

it.scoped("who waited for a process that was interrupted computes the node itself", () =>
  Effect.gen(function* () {
    const process = yield* cache()
    during = () => Effect.never
    const busy = yield* Effect.fork(process([1], 1).run)
    yield* settle
    const fiber = yield* Effect.fork(process([1], 1).run)
    yield* settle
    during = () => Effect.void
    yield* Fiber.interrupt(busy)
    expect(Toys.ran(yield* Fiber.join(fiber)).length).toBe(1)
    expect(began).toEqual([1, 1])
  })
)

it.scoped("who lost its lease to another process ends its work, and takes what that one yields", () =>
  Effect.gen(function* () {
    const process = yield* cache()
    const [open, taken] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
    during = () => Effect.onInterrupt(Deferred.await(open), () => Effect.sync(() => void began.push(0)))
    // it holds what to others is free, until it is told
    const silent = process([1], 1, many, (all) => ({
      ...all,
      tryAcquire: (key) =>
        Effect.flatMap(Deferred.isDone(taken), (isTaken) =>
          isTaken ? all.tryAcquire(key) : Effect.succeed({ lost: Deferred.await(taken) })
        )
    }))
    const holder = yield* Effect.fork(silent.run)
    yield* settle
    const successor = yield* Effect.fork(process([1], 1).run)
    yield* settle
    expect(began).toEqual([1, 1])
    yield* Deferred.succeed(taken, undefined)
    yield* settle
    expect(began).toEqual([1, 1, 0])
    expect(tags(silent.events).slice(-2)).toEqual(["Warned", "NodeWaiting"])
    yield* Deferred.succeed(open, undefined)
    expect(Toys.ran(yield* Fiber.join(successor)).length).toBe(1)
    expect((yield* Fiber.join(holder)).nodes.map(({ status }) => status)).toEqual(["reused"])
    expect(began).toEqual([1, 1, 0])
  })
)

it.scoped("nodes of one key are computed once in a run; their twins take the result, and no core while they wait", () =>
  Effect.gen(function* () {
    const process = yield* cache()
    const open = yield* Deferred.make<void>()
    during = (number) => (number > RELAYED ? Deferred.await(open) : Effect.void)
    const { events, run } = process([1, 11, 21, 2], 2, relayed)
    const fiber = yield* Effect.fork(run)
    yield* settle
    expect([...running]).toEqual([RELAYED + 1, RELAYED + 2])
    yield* Deferred.succeed(open, undefined)
    const record = yield* Fiber.join(fiber)
    const relays = record.nodes.filter(({ stage }) => stage === "relay")
    expect(new Set(relays.map(({ key }) => key)).size).toBe(2)
    expect(relays.map(({ status }) => status)).toEqual(["ran", "reused", "reused", "ran"])
    expect(began.filter((number) => number > RELAYED)).toEqual([RELAYED + 1, RELAYED + 2])
    expect(tags(events)).not.toContain("NodeWaiting")
  })
)

it.scoped("nodes of one key fail together, computed once", () =>
  Effect.gen(function* () {
    const process = yield* cache()
    during = (number) => (number > RELAYED ? Effect.dieMessage("a bug") : Effect.void)
    const record = yield* process([1, 11, 21], 2, relayed).run
    const relays = record.nodes.filter(({ stage }) => stage === "relay")
    expect(relays.map(({ error }) => error?.what)).toEqual(["a bug", "a bug", "a bug"])
    expect(began.filter((number) => number > RELAYED)).toEqual([RELAYED + 1])
  })
)
