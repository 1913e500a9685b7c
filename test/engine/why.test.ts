import { expect, it } from "@effect/vitest"
import { Effect, Layer, TestClock } from "effect"
import * as Executor from "../../engine/Executor.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Plan from "../../engine/Plan.ts"
import * as Run from "../../engine/Run.ts"
import * as Toys from "../rig/toys.ts"

// Why a node runs is told by what it was itself, under whatever key, and never by what its siblings are.

Toys.lists.set("a", [1, 2, 3])
Toys.lists.set("b", [4, 5])

const { modulo } = Toys.sum.params

/** The same stages on two lists: `sum` and `sum[modulo=9]` are siblings. */
const siblings = (name: string, small = 9) =>
  Pipeline.make({
    name,
    description: "Two sums",
    params: { modulo },
    build: (params) => {
      const doubled = (list: string) =>
        Toys.double({ numbers: Toys.read({ file: Toys.list({ list }) }).numbers }).doubled
      const large = Toys.sum({ tables: [doubled("a")] }, params).total
      return { large, small: Toys.sum({ tables: [doubled("b")] }, { modulo: small }).total }
    }
  })

const world = () => {
  const { layer } = Toys.memory()
  const live = Layer.provideMerge(Executor.layerInProcess(), layer)
  const values = (given: Readonly<Record<string, unknown>>) => ({ modulo: modulo.default, ...given })
  return {
    run: (pipeline: Pipeline.AnyPipeline<never, never>, given = {}) =>
      Run.run(pipeline, values(given), { cores: 1 }).pipe(
        Effect.provide(live),
        // traces tell by the second when they were written which is the newest
        Effect.zipLeft(TestClock.adjust("1 second")),
        Effect.map(({ nodes }) => Object.fromEntries(nodes.map(({ node, status, reason }) => [node, reason ?? status])))
      ),
    plan: (pipeline: Pipeline.AnyPipeline<never, never>, given = {}) =>
      Effect.map(
        Effect.provide(
          Effect.suspend(() => Plan.make(Pipeline.graph(pipeline, values(given)))),
          live
        ),
        ({ nodes }) => Object.fromEntries(nodes.map(({ node, reasons }) => [node, reasons.map(({ _tag }) => _tag)]))
      )
  }
}

it.effect("in an empty cache no node is compared with a sibling", () =>
  Effect.gen(function* () {
    const first = yield* world().run(siblings("one"))
    expect(Object.keys(first)).toContain("sum[modulo=9]")
    for (const [node, reason] of Object.entries(first)) expect([node, reason]).toEqual([node, "it has no result yet"])
  })
)

it.effect("a node that is new beside others has no result yet, also where its stage has many", () =>
  Effect.gen(function* () {
    const { run, plan } = world()
    yield* run(siblings("one"))
    const other = siblings("one", 7)
    expect((yield* plan(other))["sum[modulo=7]"]).toEqual(["NeverRan"])
    expect((yield* run(other))["sum[modulo=7]"]).toBe("it has no result yet")
  })
)

it.effect("a node is compared with its own newest result", () =>
  Effect.gen(function* () {
    const { run } = world()
    yield* run(siblings("one"))
    yield* run(siblings("one"), { modulo: 8 })
    expect(yield* run(siblings("one"), { modulo: 5 })).toMatchObject({
      sum: "modulo was 8, is 5",
      "sum[modulo=9]": "reused"
    })
  })
)

it.effect("a result that another pipeline computed first is a node's own once the node was reused from it", () =>
  Effect.gen(function* () {
    const { run } = world()
    yield* run(siblings("one"))
    const two = siblings("two")
    expect((yield* run(two)).sum).toBe("reused")
    expect((yield* run(two, { modulo: 8 })).sum).toBe("modulo was 1000003, is 8")
    expect((yield* run(siblings("three"), { modulo: 7 })).sum).toBe("it has no result yet")
  })
)
