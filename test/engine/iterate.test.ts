import { beforeEach, expect, it } from "@effect/vitest"
import { Effect, Exit, Layer } from "effect"
import * as fc from "fast-check"
import type { Digest } from "../../artifacts/Digest.ts"
import { ObjectStore } from "../../cache/ObjectStore.ts"
import type { Trace } from "../../cache/Trace.ts"
import { Code } from "../../engine/Code.ts"
import * as Executor from "../../engine/Executor.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Plan from "../../engine/Plan.ts"
import type * as Progress from "../../engine/Progress.ts"
import * as Run from "../../engine/Run.ts"
import * as Sweep from "../../engine/Sweep.ts"
import { wrap } from "../rig/broken.ts"
import { codeOf } from "../rig/code.ts"
import * as Toys from "../rig/toys.ts"
import { resetWorld, walking, world } from "../rig/walking.ts"

// An iterating stage goes on where it had got to, and what comes out is what an uninterrupted run gives.

const code = Layer.succeed(Code, {
  of: ({ name }) => Effect.succeed(codeOf(name, { [`stages/${name}.ts`]: name }))
})

const memory = (store = (sound: typeof ObjectStore.Service) => sound) => {
  const kept = Toys.memory()
  const layer = Layer.provideMerge(
    Executor.layerInProcess(walking),
    Layer.mergeAll(kept.layer, code, wrap(ObjectStore, kept.layer, store))
  )
  const values = (given: Readonly<Record<string, unknown>>) => Effect.orDie(Pipeline.decodeParams(walking, given))
  return {
    ...kept,
    run: (given: Readonly<Record<string, unknown>>, again?: Run.Again) =>
      Effect.flatMap(values(given), (all) => Run.run(walking, all, { cores: 2 }, again)).pipe(Effect.provide(layer)),
    sweep: (points: ReadonlyArray<Readonly<Record<string, unknown>>>, jobs: number) =>
      Effect.flatMap(Effect.forEach(points, values), (all) =>
        Sweep.run(walking, all, { cores: 2, jobs, varied: ["steps"] })
      ).pipe(Effect.provide(layer)),
    plan: (given: Readonly<Record<string, unknown>>, again?: Run.Again) =>
      Effect.flatMap(values(given), (all) => Plan.make(Pipeline.graph(walking, all), again)).pipe(
        Effect.provide(layer)
      ),
    states: () =>
      [...kept.traces.values()]
        .filter(({ text }) => text.stage === "walk.state")
        .map(({ text }) => text.params.steps)
        .sort()
  }
}

/** What a run with nothing kept gives. */
const fromScratch = (given: Readonly<Record<string, unknown>>) =>
  Effect.map(memory().run(given), (record) => Toys.contents(record))

beforeEach(() => {
  Toys.lists.clear()
  Toys.lists.set("a", [1, 2, 3])
  resetWorld()
})

const reasonOf = (record: {
  readonly nodes: ReadonlyArray<{ readonly node: string; readonly reason: string | null }>
}) => record.nodes.find(({ node }) => node === "walk")?.reason

it.effect("more steps go on from fewer, to what they would have been from the beginning", () =>
  Effect.gen(function* () {
    const { run, plan, states } = memory()
    yield* run({ steps: 3 })
    expect(world.steps).toEqual([1, 2, 3])
    const { nodes } = yield* plan({ steps: 7 })
    const planned = nodes.find(({ node }) => node === "walk")
    expect(planned?.reasons.map(({ _tag }) => _tag)).toEqual(["ParamChanged", "Continues"])
    world.steps = []
    const record = yield* run({ steps: 7 })
    expect(world.steps).toEqual([4, 5, 6, 7])
    expect(reasonOf(record)).toBe("steps was 3, is 7; continues from step 3")
    expect(Toys.contents(record)).toEqual(yield* fromScratch({ steps: 7 }))
    expect(states()).toEqual([3, 7])
  })
)

it.effect("fewer steps than are kept start from the beginning, and leave the others' state alone", () =>
  Effect.gen(function* () {
    const { run, states } = memory()
    yield* run({ steps: 6 })
    world.steps = []
    const record = yield* run({ steps: 2 })
    expect(world.steps).toEqual([1, 2])
    expect(Toys.contents(record)).toEqual(yield* fromScratch({ steps: 2 }))
    expect(states()).toEqual([2, 6])
  })
)

it.effect(
  "what is over stays over: no further step is carried out for any number of them, and the state stands where it ended",
  () =>
    Effect.gen(function* () {
      const { run, states, plan } = memory()
      const first = yield* run({ steps: 6, until: 3 })
      expect(world.steps).toEqual([1, 2, 3])
      expect(states()).toEqual([3])
      expect(Toys.contents(first)).toEqual(yield* fromScratch({ steps: 3, until: 3 }))
      for (const steps of [9, 4, 3]) {
        world.steps = []
        const planned = (yield* plan({ steps, until: 3 })).nodes.find(({ node }) => node === "walk")
        expect(planned?.reasons.map(({ _tag }) => _tag)).toEqual(["ParamChanged", "Continues"])
        const record = yield* run({ steps, until: 3 })
        expect([steps, world.steps, states()]).toEqual([steps, [], [3]])
        expect(Toys.contents(record)).toEqual(Toys.contents(first))
      }
      world.steps = []
      yield* run({ steps: 2, until: 3 })
      expect(world.steps).toEqual([1, 2])
    })
)

it.effect("what is over before its last step has done all of its progress", () =>
  Effect.gen(function* () {
    const { run, events } = memory()
    yield* run({ steps: 5, until: 2 })
    const told = events.flatMap((event) =>
      event._tag === "NodeProgress" && event.node === "walk" ? [[event.progress.done, event.progress.total]] : []
    )
    expect(told).toEqual([
      [1, 5],
      [2, 2]
    ])
  })
)

it.effect("another value of any other parameter starts from the beginning", () =>
  Effect.gen(function* () {
    const { run } = memory()
    yield* run({ steps: 3 })
    world.steps = []
    yield* run({ steps: 4, stride: 2 })
    expect(world.steps).toEqual([1, 2, 3, 4])
  })
)

it.effect("a killed node goes on from its last whole step, of which one state is kept", () =>
  Effect.gen(function* () {
    const { run, states } = memory()
    world.killAt = 5
    expect(Exit.isInterrupted(yield* Effect.exit(run({ steps: 8 })))).toBe(true)
    const [left] = states()
    expect(states()).toHaveLength(1)
    expect([3, 4]).toContain(left)
    Object.assign(world, { killAt: Number.POSITIVE_INFINITY, steps: [] })
    const record = yield* run({ steps: 8 })
    expect(world.steps).toEqual(Array.from({ length: 8 - Number(left) }, (_, at) => Number(left) + 1 + at))
    expect(reasonOf(record)).toContain(`continues from step ${left}`)
    expect(Toys.contents(record)).toEqual(yield* fromScratch({ steps: 8 }))
    expect(states()).toEqual([8])
  })
)

it.effect("points of a sweep that differ in their steps go on from each other, whatever their order", () =>
  Effect.gen(function* () {
    for (const [order, jobs] of [
      [[7, 3, 5], 1],
      [[7, 3], 2],
      [[3, 7], 2]
    ] as const) {
      const { sweep, states } = memory()
      world.steps = []
      const record = yield* sweep(
        order.map((steps) => ({ steps })),
        jobs
      )
      expect(world.steps).toEqual([1, 2, 3, 4, 5, 6, 7])
      expect(states()).toEqual([...order].sort())
      const last = record.nodes.find(({ node }) => node === "walk[steps=7]")
      expect(last?.reason).toContain(`continues from step ${order.length === 3 ? 5 : 3}`)
      for (const { params, results } of record.sweep?.points ?? [])
        expect(results.walked?.stored.content).toBe((yield* fromScratch(params)).walked)
    }
  })
)

it.effect("nothing of a dropped state stays in the store", () =>
  Effect.gen(function* () {
    const { run, objects, traces } = memory()
    yield* run({ steps: 6 })
    const named = new Set(
      [...traces.values()]
        .flatMap(({ outputs }) => Object.values(outputs).flatMap(({ parts }) => parts))
        .map(({ object }) => object)
    )
    expect([...objects.keys()].filter((object) => !named.has(object))).toEqual([])
  })
)

it.effect("equal states of two keys are two objects, so that dropping one takes nothing from the other", () =>
  Effect.gen(function* () {
    const { run, objects, states } = memory()
    yield* run({ steps: 2 })
    yield* run({ steps: 2, forgetful: true })
    yield* run({ steps: 4, forgetful: true })
    expect(states()).toEqual([2, 2, 4])
    const texts = [...objects.values()].map((bytes) => Buffer.from(bytes).toString())
    expect(texts.filter((text) => text.includes("__metadata__"))).toHaveLength(3)
  })
)

it.effect("a state that is gone or damaged costs a warning and the steps since the one before", () =>
  Effect.gen(function* () {
    const { run, objects, traces, events } = memory()
    yield* run({ steps: 2 })
    yield* run({ steps: 4 })
    const newest = [...traces.values()].find(({ text }) => text.stage === "walk.state" && text.params.steps === 4)
    const object = newest?.outputs.state?.parts[0]?.object
    if (object === undefined) throw new Error("there is no state")
    objects.set(object, Uint8Array.of(1, 2, 3))
    world.steps = []
    const record = yield* run({ steps: 5 })
    expect(world.steps).toEqual([3, 4, 5])
    expect(Toys.contents(record)).toEqual(yield* fromScratch({ steps: 5 }))
    const warnings = events.flatMap((event) => (event._tag === "Warned" ? [event.message] : []))
    expect(warnings).toEqual(["The state after 4 steps was corrupt of walk; it is computed again."])
  })
)

it.effect("a state that another process replaces while it is taken is no loss: it goes on from that one's", () =>
  Effect.gen(function* () {
    const further = memory()
    yield* further.run({ steps: 4 })
    let stale: string | undefined
    const { run, objects, traces, events } = memory((store) => ({
      ...store,
      get: (object) => Effect.zipRight(object === stale ? replace : Effect.void, store.get(object))
    }))
    const isState = ({ text }: Trace) => text.stage === "walk.state"
    const replace = Effect.sync(() => {
      for (const [key, trace] of traces) if (isState(trace)) traces.delete(key)
      objects.delete(stale as Digest)
      for (const [key, trace] of further.traces) if (isState(trace)) traces.set(key, trace)
      for (const [object, bytes] of further.objects) objects.set(object, bytes)
      stale = undefined
    })
    yield* run({ steps: 3 })
    stale = [...traces.values()].find(isState)?.outputs.state?.parts[0]?.object
    world.steps = []
    const record = yield* run({ steps: 6 })
    expect(world.steps).toEqual([5, 6])
    expect(Toys.contents(record)).toEqual(yield* fromScratch({ steps: 6 }))
    expect(events.filter(({ _tag }) => _tag === "Warned")).toEqual([])
  })
)

it.effect("a state is saved once the one before is written, so that two are never held", () =>
  Effect.gen(function* () {
    const isState = (bytes: Uint8Array) => Buffer.from(bytes).includes("__metadata__")
    const { run } = memory((store) => ({
      ...store,
      put: (bytes) =>
        Effect.gen(function* () {
          if (isState(bytes)) yield* Effect.repeatN(Effect.yieldNow(), 50)
          const object = yield* store.put(bytes)
          if (isState(bytes)) world.states.push("written")
          return object
        })
    }))
    yield* run({ steps: 3 })
    expect(world.states).toEqual(["saved", "written", "saved", "written", "saved", "written"])
  })
)

it.effect("progress counts the steps that were kept", () =>
  Effect.gen(function* () {
    const { run, events } = memory()
    yield* run({ steps: 2 })
    events.length = 0
    yield* run({ steps: 3 })
    const told = events.flatMap((event) =>
      event._tag === "NodeProgress" && event.node === "walk" ? [event.progress] : []
    )
    expect(told).toEqual<ReadonlyArray<Progress.Progress>>([
      { done: 3, total: 3, unit: "steps", reused: 2, note: expect.stringMatching(/^at /) as never }
    ])
  })
)

it.effect("again, it starts from the beginning, and leaves what it left before", () =>
  Effect.gen(function* () {
    const { run, states, objects, plan } = memory()
    const first = yield* run({ steps: 4 })
    const kept = [...objects.keys()].sort()
    world.steps = []
    const again = new Set(["walk"])
    const planned = (yield* plan({ steps: 4 }, again)).nodes.find(({ node }) => node === "walk")
    expect([planned?.status, planned?.reasons]).toEqual(["run", [{ _tag: "Again" }]])
    const second = yield* run({ steps: 4 }, again)
    expect([Toys.ran(second), reasonOf(second)]).toEqual([["walk"], "it was to be computed again"])
    expect(world.steps).toEqual([1, 2, 3, 4])
    expect(Toys.contents(second)).toEqual(Toys.contents(first))
    expect([states(), [...objects.keys()].sort()]).toEqual([[4], kept])
  })
)

/** A history of runs, some of them killed, ends where one run from scratch does. */
const endsAsFromScratch = (forgetful: boolean) =>
  fc.asyncProperty(
    fc.array(fc.record({ steps: fc.integer({ min: 1, max: 8 }), killAt: fc.integer({ min: 1, max: 9 }) }), {
      maxLength: 5
    }),
    fc.integer({ min: 1, max: 8 }),
    fc.option(fc.integer({ min: 1, max: 8 })),
    (runs, steps, until) =>
      Effect.runPromise(
        Effect.gen(function* () {
          const { run } = memory()
          for (const one of runs) {
            world.killAt = one.killAt
            yield* Effect.exit(run({ steps: one.steps, until, forgetful }))
          }
          world.killAt = Number.POSITIVE_INFINITY
          const record = yield* run({ steps, until, forgetful })
          expect(Toys.contents(record)).toEqual(yield* fromScratch({ steps, until, forgetful }))
        })
      )
  )

it("incremental equals from scratch, whatever ran and was killed before", () =>
  fc.assert(endsAsFromScratch(false), { numRuns: 60 }))

it("… and a stage that keeps something out of its state is found out", async () => {
  const { failed } = await fc.check(endsAsFromScratch(true), { numRuns: 60 })
  expect(failed).toBe(true)
})
