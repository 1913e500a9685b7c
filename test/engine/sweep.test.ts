import { beforeEach, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer } from "effect"
import * as fc from "fast-check"
import { TraceStore } from "../../cache/Trace.ts"
import { Code, CodeUnknown } from "../../engine/Code.ts"
import * as Executor from "../../engine/Executor.ts"
import { NodeFailed } from "../../engine/Failure.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Points from "../../engine/Points.ts"
import type { RunRecord } from "../../engine/RunRecord.ts"
import * as Sweep from "../../engine/Sweep.ts"
import { wrap } from "../rig/broken.ts"
import * as Toys from "../rig/toys.ts"

// A sweep is one graph: what its points share is computed once, and each point comes out as if it had run alone.

type Given = Readonly<Record<string, unknown>>

const numbers = (length: number) => Array.from({ length }, (_, index) => index)

beforeEach(() => {
  Toys.lists.clear()
  Toys.unreachable.clear()
  Toys.lists.set("a", numbers(3000))
  Toys.lists.set("b", numbers(10))
  Toys.resetCounts()
})

const memory = () => {
  const kept = Toys.memory()
  const layer = Layer.provideMerge(Executor.layerInProcess(Toys.toy), kept.layer)
  const sweep = (points: ReadonlyArray<Given>, jobs = 2, part: Points.Part = { again: new Set(), until: null }) =>
    Effect.flatMap(
      Effect.forEach(points, (given) => Effect.orDie(Pipeline.decodeParams(Toys.toy, given))),
      (values) =>
        Sweep.run(Toys.toy, values, {
          cores: 2,
          jobs,
          parts: points.map(() => part),
          varied: [...new Set(points.flatMap((given) => Object.keys(given)))]
        })
    )
  return {
    ...kept,
    layer,
    sweep: (points: ReadonlyArray<Given>, jobs?: number, part?: Points.Part) =>
      Effect.provide(sweep(points, jobs, part), layer),
    unprovided: sweep,
    runs: () => Object.fromEntries(Toys.counts.runs)
  }
}

const moduli = (from: number, count: number): ReadonlyArray<Given> =>
  Array.from({ length: count }, (_, at) => ({ modulo: from + at }))

const totals = ({ sweep }: RunRecord) =>
  sweep?.points.map(({ results }) =>
    Object.fromEntries(Object.entries(results).map(([name, { stored }]) => [name, stored.content]))
  )

it.effect("two hundred points compute what they share once, and what differs once each", () =>
  Effect.gen(function* () {
    const { sweep, runs } = memory()
    const record = yield* sweep(moduli(1000, 200))
    expect(record.status).toBe("done")
    // equal sums are one key
    const sums = new Set(moduli(1000, 200).map(({ modulo }) => (2999 * 3000) % Number(modulo))).size
    expect(runs()).toEqual({ read: 1, double: 1, sum: 200, describe: sums })
    expect(record.nodes.filter(({ status }) => status === "ran").length).toBe(202 + sums)
    expect(record.nodes.map(({ node }) => node).slice(0, 5)).toEqual([
      "read",
      "shift",
      "double",
      "sum[modulo=1000]",
      "describe[modulo=1000]"
    ])
  })
)

it("a node is named by the varied parameters that its call takes, not by others of their names", () => {
  const twice = Pipeline.make({
    name: "twice",
    description: "Describes a total in a unit of its own, and in one that is given",
    params: { ...Toys.list.params, ...Toys.describe.params },
    build: (params) => {
      const { numbers } = Toys.read({ file: Toys.list(params) })
      const { total } = Toys.sum({ tables: [Toys.double({ numbers }).doubled] })
      const { text: own } = Toys.describe({ total })
      return { own, given: Toys.describe({ total: own }, params).text }
    }
  })
  const points = ["apples", "pears"].map((unit) => ({ list: "a", unit }))
  const { graph } = Points.unionOf(twice, points, ["unit"])
  expect(graph.stages.map(({ name }) => name)).toEqual([
    "read",
    "double",
    "sum",
    "describe",
    "describe#2[unit=apples]",
    "describe#2[unit=pears]"
  ])
})

it.effect("points that were added to a finished sweep are all that runs", () =>
  Effect.gen(function* () {
    const { sweep, runs, events } = memory()
    yield* sweep(moduli(1000, 5))
    Toys.resetCounts()
    events.length = 0
    yield* sweep(moduli(998, 10))
    expect(runs()).toEqual({ sum: 5, describe: 5 })
    const told = events.flatMap((event) => (event._tag === "PointSettled" ? [[event.point, event.ran]] : []))
    // what is kept is told first
    expect(told.slice(0, 5)).toEqual([2, 3, 4, 5, 6].map((point) => [point, false]))
    expect(told.slice(5).every(([, ran]) => ran)).toBe(true)
    Toys.resetCounts()
    yield* sweep(moduli(998, 10))
    expect(runs()).toEqual({})
  })
)

it.effect("a sweep until a node carries out what that needs at every point, and leaves it to the whole one", () =>
  Effect.gen(function* () {
    const { sweep, runs } = memory()
    const record = yield* sweep(moduli(1000, 5), 2, { again: new Set(), until: new Set(["double"]) })
    expect(record).toMatchObject({ status: "done", until: ["double"] })
    expect(runs()).toEqual({ read: 1, double: 1 })
    expect(record.nodes.map(({ node }) => node)).toEqual(["read", "shift", "double"])
    expect(record.sweep?.points.map(({ status, results }) => [status, results])).toEqual(
      moduli(1000, 5).map(() => ["done", {}])
    )
    Toys.resetCounts()
    yield* sweep(moduli(1000, 5), 2, { again: new Set(), until: new Set(["sum"]) })
    expect(runs()).toEqual({ sum: 5 })
    Toys.resetCounts()
    expect((yield* sweep(moduli(1000, 5))).until).toBeUndefined()
    expect(runs()).toEqual({ describe: 5 })
  })
)

it.effect("whoever sweeps until a node has what it makes: where that is lost, it is computed again", () =>
  Effect.gen(function* () {
    const { sweep, runs, objects } = memory()
    const until = { again: new Set<string>(), until: new Set(["double"]) }
    yield* sweep(moduli(1000, 2), 2, until)
    objects.clear()
    Toys.resetCounts()
    expect((yield* sweep(moduli(1000, 2), 2, until)).status).toBe("done")
    expect(runs()).toEqual({ read: 1, double: 1 })
    Toys.resetCounts()
    yield* sweep(moduli(1000, 2), 2, until)
    expect(runs()).toEqual({})
  })
)

it.effect("a node that is asked for again is computed at every point, once where points share it", () =>
  Effect.gen(function* () {
    const { sweep, runs } = memory()
    yield* sweep(moduli(1000, 5))
    Toys.resetCounts()
    const record = yield* sweep(moduli(1000, 5), 2, { again: new Set(["read", "sum"]), until: null })
    // what comes out as before changes nothing below
    expect(runs()).toEqual({ read: 1, sum: 5 })
    expect(record.nodes.filter(({ status }) => status === "ran").map(({ node }) => node)).toEqual([
      "read",
      ...moduli(1000, 5).map(({ modulo }) => `sum[modulo=${modulo}]`)
    ])
    expect(record.sweep?.points.every(({ status }) => status === "done")).toBe(true)
  })
)

it.effect("a sweep compares its points with what was there before it, listed once a stage", () =>
  Effect.gen(function* () {
    const { sweep, unprovided, layer } = memory()
    yield* sweep(moduli(1000, 2))
    const listed: Array<string> = []
    const counting = Layer.effect(
      TraceStore,
      Effect.map(TraceStore, (traces) => ({
        ...traces,
        ofStage: (stage: string) =>
          Effect.zipRight(
            Effect.sync(() => listed.push(stage)),
            traces.ofStage(stage)
          )
      }))
    )
    const record = yield* Effect.provide(unprovided(moduli(2000, 6)), Layer.provideMerge(counting, layer))
    expect(listed.sort()).toEqual(["describe", "sum"])
    const because = record.nodes.flatMap(({ stage, reasons }) => (stage === "sum" ? [reasons] : []))
    expect(because.length).toBe(6)
    for (const reasons of because) expect(reasons).toMatchObject([{ _tag: "ParamChanged", name: "modulo" }])
  })
)

it.effect("a point tells its documents, and what is lost of them is computed again", () =>
  Effect.gen(function* () {
    const { sweep, runs, events, objects, traces } = memory()
    yield* sweep([{ modulo: 7 }, { modulo: 8 }])
    const sum = 2999 * 3000
    const documents = () =>
      events.flatMap((event) => (event._tag === "PointSettled" ? [[event.point, event.documents]] : [])).sort()
    const expected = [7, 8].map((modulo, point) => [
      point,
      { total: { total: sum % modulo }, text: { total: sum % modulo } }
    ])
    expect(documents()).toEqual(expected)
    Toys.resetCounts()
    events.length = 0
    const lost = [...traces.values()].find(({ text }) => text.stage === "sum" && text.params.modulo === 8)
    objects.delete(lost?.outputs.total?.parts[0]?.object as never)
    const record = yield* sweep([{ modulo: 7 }, { modulo: 8 }])
    expect(record.status).toBe("done")
    expect(documents()).toEqual(expected)
    expect(runs()).toMatchObject({ sum: 1 })
  })
)

it.effect("a point that fails takes no other with it, and is tried again with the next sweep", () =>
  Effect.gen(function* () {
    const { sweep, runs } = memory()
    const points = [{ failAt: null }, { failAt: 2000 }, { failAt: 5000 }]
    const record = yield* sweep(points)
    expect(record.status).toBe("failed")
    expect(record.sweep?.points.map(({ status }) => status)).toEqual(["done", "failed", "done"])
    expect(record.sweep?.points[1]?.error).toMatchObject({ tag: "ToyBroken", what: "The toy broke at 2000" })
    Toys.resetCounts()
    expect((yield* sweep(points)).sweep?.points.map(({ status }) => status)).toEqual(["done", "failed", "done"])
    expect(runs()).toEqual({ double: 1 })
  })
)

it.effect("a source that cannot be had fails the points that need it, and no others", () =>
  Effect.gen(function* () {
    const { sweep, runs } = memory()
    Toys.unreachable.add("c")
    const record = yield* sweep([{ list: "a" }, { list: "c" }, { list: "b" }])
    expect(record).toMatchObject({ status: "failed", error: null })
    expect(record.sweep?.points.map(({ status }) => status)).toEqual(["done", "failed", "done"])
    const error = { tag: "ListUnreachable", what: "The list c cannot be had", fix: "Name another." }
    expect(record.sweep?.points[1]?.error).toMatchObject(error)
    expect(runs()).toEqual({ read: 2, double: 2, sum: 2, describe: 2 })
    // what all need is the sweep's own failure, told once
    const all = yield* sweep([
      { list: "c", modulo: 7 },
      { list: "c", modulo: 8 }
    ])
    expect(all).toMatchObject({ status: "failed", error })
    expect(all.sweep?.points.map(({ status }) => status)).toEqual(["interrupted", "interrupted"])
  })
)

it.effect("a lost document that cannot be computed again fails its point", () =>
  Effect.gen(function* () {
    const { sweep, unprovided, layer, objects, traces } = memory()
    yield* sweep([{ modulo: 7 }, { modulo: 8 }])
    const lost = [...traces.values()].find(({ text }) => text.stage === "sum" && text.params.modulo === 8)
    objects.delete(lost?.outputs.total?.parts[0]?.object as never)
    const broken = wrap(Executor.Executor, Layer.provide(Executor.layerInProcess(Toys.toy), layer), (executor) => ({
      ...executor,
      execute: ({ entry }) =>
        new NodeFailed({
          node: entry.name,
          explained: { tag: "Broken", what: "It broke", expected: null, fix: null }
        })
    }))
    const record = yield* Effect.provide(unprovided([{ modulo: 7 }, { modulo: 8 }]), Layer.merge(layer, broken))
    expect(record.status).toBe("failed")
    expect(record.sweep?.points.map(({ status, error }) => [status, error?.tag])).toEqual([
      ["done", undefined],
      ["failed", "Broken"]
    ])
  })
)

it.effect("a key that cannot be made fails its points, also where all before it is kept", () =>
  Effect.gen(function* () {
    const { sweep, unprovided, layer } = memory()
    const points = [{ unit: "apples" }, { unit: "pears" }]
    yield* sweep(points)
    const unknown = wrap(Code, Toys.layerCode, ({ of }) => ({
      of: (stage) => (stage.name === "describe" ? new CodeUnknown({ stage: stage.name, known: [] }) : of(stage))
    }))
    const record = yield* Effect.provide(unprovided(points), Layer.merge(layer, unknown))
    expect(record).toMatchObject({ status: "failed", error: null })
    expect(record.sweep?.points.map(({ error }) => error?.tag)).toEqual(["CodeUnknown", "CodeUnknown"])
  })
)

it.live("an interrupted sweep keeps what is done, says what is not, and goes on from there", () =>
  Effect.gen(function* () {
    const { layer, unprovided, records, sweep, runs } = memory()
    const slow = wrap(Executor.Executor, Layer.provide(Executor.layerInProcess(Toys.toy), layer), (executor) => ({
      ...executor,
      execute: (task: Executor.Task) => (task.text.params.modulo === 1003 ? Effect.never : executor.execute(task))
    }))
    const fiber = yield* Effect.fork(Effect.provide(unprovided(moduli(1000, 6), 1), Layer.merge(layer, slow)))
    while ((runs().describe ?? 0) < 3) yield* Effect.sleep("5 millis")
    const exit = yield* Fiber.interrupt(fiber)
    expect(Exit.isInterrupted(exit)).toBe(true)
    expect(records[0]?.status).toBe("interrupted")
    const statuses = records[0]?.sweep?.points.map(({ status }) => status)
    expect(statuses?.slice(0, 3)).toEqual(["done", "done", "done"])
    expect(statuses?.slice(3)).toEqual(["interrupted", "interrupted", "interrupted"])
    Toys.resetCounts()
    expect((yield* sweep(moduli(1000, 6))).status).toBe("done")
    expect(runs()).toEqual({ sum: 3, describe: 3 })
  })
)

it("every point is what a run of it alone gives, whatever is swept", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          list: fc.constantFrom("a", "b"),
          by: fc.integer({ min: 0, max: 2 }),
          modulo: fc.constantFrom(7, 1000),
          unit: fc.constantFrom("apples", "pears")
        }),
        { minLength: 1, maxLength: 6 }
      ),
      (points) =>
        Effect.runPromise(
          Effect.gen(function* () {
            const { sweep, runs } = memory()
            Toys.resetCounts()
            const found = totals(yield* sweep(points))
            const distinct = (of: (point: (typeof points)[number]) => unknown) =>
              new Set(points.map((point) => JSON.stringify(of(point)))).size
            expect(runs().read).toBe(distinct(({ list }) => list))
            // sums of equal tables are one key, though two nodes
            expect(runs().double).toBe(distinct(({ list, by }) => [list, by]))
            const alone = yield* Effect.forEach(points, (point) => {
              const { layer } = memory()
              return Effect.map(Effect.provide(Toys.runToy(point), layer), Toys.contents)
            })
            expect(found).toEqual(alone)
          })
        )
    ),
    { numRuns: 25 }
  ))
