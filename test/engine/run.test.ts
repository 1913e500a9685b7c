import { beforeEach, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Trace from "../../cache/Trace.ts"
import { TraceStore } from "../../cache/Trace.ts"
import { Code } from "../../engine/Code.ts"
import * as Executor from "../../engine/Executor.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Plan from "../../engine/Plan.ts"
import * as Run from "../../engine/Run.ts"
import * as RunRecord from "../../engine/RunRecord.ts"
import { RunRecords } from "../../engine/RunRecord.ts"
import * as Sweep from "../../engine/Sweep.ts"
import { wrap } from "../rig/broken.ts"
import * as Toys from "../rig/toys.ts"
import { siblings } from "../rig/worker-pipeline.ts"

const numbers = (length: number, from = 0) => Array.from({ length }, (_, index) => from + index)

beforeEach(() => {
  Toys.lists.clear()
  Toys.sources.clear()
  Toys.resetCounts()
  Toys.lists.set("a", numbers(5000))
})

const withMemory = <A, E>(
  use: (
    memory: ReturnType<typeof Toys.memory>
  ) => Effect.Effect<A, E, Layer.Layer.Success<ReturnType<typeof Toys.memory>["layer"]> | Executor.Executor>
) => {
  const memory = Toys.memory()
  return Effect.provide(use(memory), Layer.provideMerge(Executor.layerInProcess(Toys.toy), memory.layer))
}

it.effect("the first run computes every stored node, the second none", () =>
  withMemory(() =>
    Effect.gen(function* () {
      const first = yield* Toys.runToy()
      expect(Toys.statuses(first)).toEqual({
        read: "ran",
        shift: "streamed",
        double: "ran",
        sum: "ran",
        describe: "ran"
      })
      const second = yield* Toys.runToy()
      expect(Toys.statuses(second)).toEqual({
        read: "reused",
        shift: "skipped",
        double: "reused",
        sum: "reused",
        describe: "reused"
      })
      expect(Toys.contents(second)).toEqual(Toys.contents(first))
      expect(Toys.counts.runs.get("double")).toBe(1)
    })
  )
)

/** What a run or plan asks of the past records and of the source: how often. */
const asked = () => {
  const counts = { lists: 0, codes: {} as Record<string, number> }
  const layer = Layer.mergeAll(
    wrap(RunRecords, RunRecord.layerMemory(), (records) => ({
      ...records,
      list: Effect.tap(records.list, () => Effect.sync(() => void counts.lists++))
    })),
    wrap(Code, Toys.layerCode, (code) => ({
      of: (stage) =>
        Effect.suspend(() => {
          counts.codes[stage.name] = (counts.codes[stage.name] ?? 0) + 1
          return code.of(stage)
        })
    }))
  )
  return { counts, layer }
}

it.effect("the past records are read once a run or plan, however many nodes miss, and each key is made once", () =>
  withMemory(() =>
    Effect.gen(function* () {
      const { counts, layer } = asked()
      const plan = Effect.suspend(() => Plan.make(Pipeline.graph(siblings, { how: "well" })))
      const { nodes } = yield* Effect.provide(plan, layer)
      expect(nodes.map(({ status }) => status)).toEqual(["run", "run"])
      expect(counts).toEqual({ lists: 1, codes: { behave: 2 } })
      counts.codes = {}
      expect(Toys.ran(yield* Effect.provide(Toys.runToy(), layer)).length).toBe(4)
      expect(counts).toEqual({ lists: 2, codes: { read: 1, shift: 1, double: 1, sum: 1, describe: 1 } })
      expect(Toys.ran(yield* Effect.provide(Toys.runToy(), layer))).toEqual([])
      expect(counts.lists).toBe(2)
    })
  )
)

it.effect("earlier results of a stage are listed once a run, plan or sweep, however many of its nodes miss", () =>
  withMemory(({ traces, chunks }) =>
    Effect.gen(function* () {
      const listed: Array<string> = []
      const counting = wrap(TraceStore, Trace.layerMemory(traces, chunks), (store) => ({
        ...store,
        ofStage: (stage) =>
          Effect.zipRight(
            Effect.sync(() => void listed.push(stage)),
            store.ofStage(stage)
          )
      }))
      /** The stages whose traces were listed meanwhile, each as often as it was. */
      const during = <A, E, R>(work: Effect.Effect<A, E, R>) =>
        Effect.map(Effect.provide(work, counting), () => listed.splice(0).sort())
      const layer = Executor.layerInProcess(Toys.toy, siblings)
      const plan = Effect.suspend(() => Plan.make(Pipeline.graph(siblings, { how: "well" })))
      expect(yield* during(plan)).toEqual(["behave"])
      const run = Effect.provide(Run.run(siblings, { how: "well" }, { cores: 2 }), layer)
      expect(yield* during(run)).toEqual(["behave"])
      yield* Toys.runToy()
      const points = yield* Effect.forEach([3, 5, 7], (modulo) => Toys.params({ modulo }))
      const sweep = Sweep.run(Toys.toy, points, { cores: 2, jobs: 3, varied: ["modulo"] })
      expect(yield* during(Effect.provide(sweep, layer))).toEqual(["describe", "sum"])
      expect(yield* during(run)).toEqual([])
    })
  )
)

it.effect("a changed parameter reruns its stage and what the change reaches", () =>
  withMemory(() =>
    Effect.gen(function* () {
      yield* Toys.runToy()
      const record = yield* Toys.runToy({ modulo: 7 })
      expect(Toys.ran(record)).toEqual(["sum", "describe"])
      expect(record.nodes.find(({ node }) => node === "sum")?.reason).toBe("modulo was 1000003, is 7")
    })
  )
)

it.effect("an output that comes out the same stops the rerun", () =>
  withMemory(() =>
    Effect.gen(function* () {
      yield* Toys.runToy()
      // the total is below both moduli
      Toys.lists.set("a", numbers(5000))
      Toys.sources.set("sum", "edited without effect")
      const record = yield* Toys.runToy()
      expect(Toys.ran(record)).toEqual(["sum"])
    })
  )
)

it.effect("editing a streamed stage reruns the stored stage that it feeds, by its recipe", () =>
  withMemory(() =>
    Effect.gen(function* () {
      yield* Toys.runToy()
      Toys.sources.set("shift", "edited without effect")
      const record = yield* Toys.runToy()
      expect(Toys.ran(record)).toEqual(["double"])
      expect(record.nodes.find(({ node }) => node === "double")?.reason).toBe(
        "code changed in stages/shift.ts (through shift)"
      )
    })
  )
)

it.effect("rows inserted in the middle recompute only the chunks they fall into", () =>
  withMemory(() =>
    Effect.gen(function* () {
      Toys.lists.set("a", numbers(20_000))
      yield* Toys.runToy()
      const all = Toys.counts.rows.get("double") ?? 0
      Toys.lists.set("a", [...numbers(9000), ...numbers(100, 50_000), ...numbers(11_000, 9000)])
      const record = yield* Toys.runToy()
      const { chunks } = record.nodes.find(({ node }) => node === "double") ?? {}
      expect(all).toBe(20_000)
      expect(chunks?.ran).toBeLessThanOrEqual(2)
      expect(chunks?.reused).toBeGreaterThan(10)
    })
  )
)

/** Two branches over one table, of which one may fail. */
const forked = Pipeline.make({
  name: "forked",
  description: "Sums a list of numbers twice",
  params: { ...Toys.list.params, ...Toys.double.params },
  build: (params) => {
    const { numbers } = Toys.read({ file: Toys.list(params) }, params)
    return {
      bad: Toys.sum({ tables: [Toys.double({ numbers }, { failAt: params.failAt }).doubled] }, { modulo: 7 }).total,
      good: Toys.sum({ tables: [Toys.double({ numbers }, {}).doubled] }, { modulo: 9 }).total
    }
  }
})

it.effect("a failing stage skips its descendants, keeps finished chunks and leaves siblings alone", () =>
  withMemory((memory) =>
    Effect.gen(function* () {
      Toys.lists.set("a", numbers(20_000))
      const run = Run.run(forked, { list: "a", failAt: 18_000 }, { cores: 2 })
      const failed = yield* run
      expect(failed.status).toBe("failed")
      expect(Toys.statuses(failed)).toEqual({
        read: "ran",
        double: "failed",
        "double#2": "ran",
        "sum[modulo=7]": "skipped",
        "sum[modulo=9]": "ran"
      })
      expect(Object.keys(Toys.contents(failed))).toEqual(["good"])
      expect(failed.nodes.find(({ status }) => status === "failed")?.error).toEqual({
        tag: "ToyBroken",
        what: "The toy broke at 18000",
        expected: "it to hold",
        fix: "Try another number.",
        details: { _tag: "ToyBroken", at: 18_000 }
      })
      // of the sibling all rows were doubled, and all are kept
      const rows = (Toys.counts.rows.get("double") ?? 0) - 20_000
      const keptRows = [...memory.chunks.values()].reduce((sum, { part }) => sum + (part.rows ?? 0), 0) - 20_000
      expect(keptRows).toBeGreaterThan(10_000)
      Toys.resetCounts()
      yield* run
      expect(Object.fromEntries(Toys.counts.runs)).toEqual({ double: 1 })
      expect(Toys.counts.rows.get("double") ?? 0).toBe(rows - keptRows)
    })
  )
)

it.effect("lost and damaged objects are computed again, with one warning a node, to the same content", () =>
  Effect.gen(function* () {
    const reference = yield* withMemory(() => Toys.runToy({ modulo: 9 }))
    for (const damage of ["delete", "flip"] as const) {
      yield* withMemory((memory) =>
        Effect.gen(function* () {
          const first = yield* Toys.runToy()
          for (const [object, bytes] of [...memory.objects]) {
            if (damage === "delete") memory.objects.delete(object)
            else
              memory.objects.set(
                object,
                bytes.map((byte, index) => (index === bytes.length >> 1 ? byte ^ 1 : byte))
              )
          }
          memory.events.length = 0
          const again = yield* Toys.runToy({ modulo: 9 })
          expect(again.status).toBe("done")
          expect(Toys.contents(again)).toEqual(Toys.contents(reference))
          expect(first.status).toBe("done")
          const warned = memory.events.flatMap((event) => (event._tag === "Warned" ? [event.node] : []))
          expect(warned.sort()).toEqual(["double", "read"])
        })
      )
    }
  })
)

it.effect("one key is computed once, however many runs ask at the same time", () =>
  withMemory(() =>
    Effect.gen(function* () {
      const records = yield* Effect.all([Toys.runToy(), Toys.runToy(), Toys.runToy()], { concurrency: "unbounded" })
      expect(records.map(({ status }) => status)).toEqual(["done", "done", "done"])
      expect(Object.fromEntries(Toys.counts.runs)).toEqual({ read: 1, double: 1, sum: 1, describe: 1 })
    })
  )
)
