import { beforeEach, expect, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import * as Document from "../../artifacts/Document.ts"
import type { Key } from "../../cache/Key.ts"
import { Code } from "../../engine/Code.ts"
import * as Executor from "../../engine/Executor.ts"
import * as Given from "../../engine/Given.ts"
import { DefinitionInvalid, make as param } from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Request from "../../engine/Request.ts"
import * as Run from "../../engine/Run.ts"
import type { RunRecord } from "../../engine/RunRecord.ts"
import * as Stage from "../../engine/Stage.ts"
import * as Sweep from "../../engine/Sweep.ts"
import { ComputeNode } from "../../engine/WorkerProtocol.ts"
import { codeOf } from "../rig/code.ts"
import * as Toys from "../rig/toys.ts"

const Ratio = Document.make("Ratio", 1, Schema.Struct({ ratio: Schema.Number, rows: Schema.Int }))

/** How the doubled numbers of another list compare to the total of a run, and how many numbers that run had. */
const compare = Stage.make({
  name: "compare",
  inputs: { total: Toys.Total, others: Toys.Total },
  params: { rows: param(Schema.Int, 0, "How many numbers the run had") },
  outputs: { ratio: Ratio },
  run: ({ total, others }, { rows }) => Effect.succeed({ ratio: { ratio: others.total / total.total, rows } })
})

const used = Pipeline.withUse(Toys.toy, {
  name: "ask",
  description: "Compares another list to that of a run",
  params: { other: param(Schema.String, "b", "Another list"), ...compare.params },
  reads: (params) => ({ numbers: Toys.read({ file: Toys.list(params) }, params).numbers }),
  settings: ({ numbers }) => ({ rows: numbers.rows ?? 0 }),
  build: (params, { total }) => {
    const { numbers } = Toys.read({ file: Toys.list({ list: params.other }) })
    const { shifted } = Toys.shift({ numbers }, params)
    const { doubled } = Toys.double({ numbers: shifted }, params)
    const others = Toys.sum({ tables: [doubled] }, params).total
    return { ratio: compare({ others, total }, params).ratio }
  }
})
const [ask] = used.uses as readonly [(typeof used.uses)[number]]

beforeEach(() => {
  Toys.lists.clear()
  Toys.unreachable.clear()
  Toys.resetCounts()
  Toys.lists.set("a", [1, 2, 3])
  Toys.lists.set("b", [10, 20])
})

const layerCode = Layer.succeed(Code, { of: ({ name }) => Effect.succeed(codeOf(name, {})) })

const withMemory = <A, E>(
  use: (
    memory: ReturnType<typeof Toys.memory>
  ) => Effect.Effect<A, E, Layer.Layer.Success<ReturnType<typeof Toys.memory>["layer"]> | Executor.Executor>
) => {
  const memory = Toys.memory()
  const layer = Layer.merge(memory.layer, layerCode)
  return Effect.provide(use(memory), Layer.provideMerge(Executor.layerInProcess(used), layer))
}

const runUsed = (list = "a") => Run.run(used, { ...Pipeline.defaults(used.params), list }, { cores: 1 })

const asking = (record: RunRecord, node = "sum", own: Readonly<Record<string, unknown>> = {}) =>
  Effect.gen(function* () {
    const origin = yield* Given.originOf(used, record, node, (_, { by }) => `toy --by ${by}`)
    const { values, given, taken } = yield* Given.open(used, ask, origin, own)
    return { taken, record: yield* Run.run(ask, values, { cores: 1, given }) }
  })

it.effect("a use goes on from the results of a run, of which nothing is looked up or computed", () =>
  withMemory((memory) =>
    Effect.gen(function* () {
      const run = yield* runUsed()
      Toys.resetCounts()
      // what the run was made of is another by now, and then gone
      Toys.lists.set("a", [100])
      Toys.unreachable.add("a")
      memory.events.length = 0
      const { taken, record } = yield* asking(run)
      expect(taken).toEqual([{ node: "sum", output: "total" }])
      expect(Toys.statuses(record)).toEqual({
        read: "ran",
        shift: "streamed",
        double: "ran",
        sum: "ran",
        compare: "ran"
      })
      expect(record).toMatchObject({ pipeline: "toy.ask", status: "done", of: run.run })
      expect(record.params).toMatchObject({ list: "a", other: "b", rows: 3 })
      const sources = memory.events.flatMap((event) => (event._tag === "SourceResolved" ? [event.label] : []))
      expect(sources).toEqual(["list b"])
      expect(Toys.ran((yield* asking(run)).record)).toEqual([])
      expect(Toys.ran((yield* asking(run, "sum", { other: "c" })).record)).not.toEqual([])
    })
  )
)

it.effect("a use of a sweep goes on from the point that its node belongs to", () =>
  withMemory(() =>
    Effect.gen(function* () {
      const points = [0, 7].map((by) => ({ ...Pipeline.defaults(used.params), by }))
      const sweep = yield* Sweep.run(used, points, { cores: 1, jobs: 1, varied: ["by"] })
      const node = sweep.nodes.find((one) => one.stage === "sum" && one.node.includes("by=7"))?.node ?? ""
      const { record } = yield* asking(sweep, node)
      expect(record.params).toMatchObject({ by: 7, other: "b" })
      // 2 * (17 + 27) against 2 * (8 + 9 + 10)
      const ratio = record.results.ratio?.stored
      const alone = yield* asking(yield* Run.run(used, points[1] ?? {}, { cores: 1 }))
      expect(ratio?.content).toBe(alone.record.results.ratio?.stored.content)
      expect(Toys.ran(alone.record)).toEqual([])
    })
  )
)

it.effect("what is not kept of the run is told of before anything is computed, and how it is made again", () =>
  withMemory((memory) =>
    Effect.gen(function* () {
      const run = yield* runUsed()
      const sum = run.nodes.find(({ node }) => node === "sum")
      for (const key of memory.traces.keys()) if (key === sum?.key) memory.traces.delete(key)
      Toys.resetCounts()
      const error = yield* Effect.flip(asking(run))
      expect(error).toMatchObject({
        _tag: "GivenGone",
        what: `Nothing is kept of sum of run ${run.run}`,
        expected: `what run ${run.run} made`,
        fix: "It is made anew by: toy --by 0"
      })
      expect(Toys.counts.runs.size).toBe(0)
      // the run makes it again
      yield* runUsed()
      expect((yield* asking(run)).record.status).toBe("done")
    })
  )
)

it.effect("bytes that are gone of what a use is given fail its node, which says of which run they were", () =>
  withMemory((memory) =>
    Effect.gen(function* () {
      const run = yield* runUsed()
      for (const { object } of run.results.total?.stored.parts ?? []) memory.objects.delete(object)
      const { record } = yield* asking(run)
      expect(record.status).toBe("failed")
      expect(record.nodes.find(({ node }) => node === "compare")).toMatchObject({
        status: "failed",
        error: {
          tag: "GivenGone",
          what: `The bytes of sum.total of run ${run.run} are gone`,
          fix: "It is made anew by: toy --by 0"
        }
      })
    })
  )
)

it.effect("a run whose parameters the pipeline takes no more is told of", () =>
  withMemory(() =>
    Effect.gen(function* () {
      const run = yield* runUsed()
      const error = yield* Effect.flip(asking({ ...run, params: { ...run.params, gone: 1 } }))
      expect(error._tag).toBe("GivenGone")
      expect(error.message).toContain(`Run ${run.run} had parameters that toy does not take`)
    })
  )
)

it.effect("a worker finds a node of a use by its key, and no node of a pipeline that has no such use", () =>
  withMemory((memory) =>
    Effect.gen(function* () {
      const run = yield* runUsed()
      const { record } = yield* asking(run)
      const compared = record.nodes.find(({ node }) => node === "compare")
      const total = record.nodes.find(({ node }) => node === "sum")
      const stored = run.results.total?.stored
      const others = memory.traces.get(total?.key as Key)?.outputs
      const request = new ComputeNode({
        pipeline: record.pipeline,
        params: record.params,
        node: "compare",
        key: compared?.key as ComputeNode["key"],
        isAgain: false,
        range: null,
        outputs: { "sum#2": { total: stored as never }, sum: others ?? {} }
      })
      expect((yield* Request.jobOf([used], request)).key).toBe(compared?.key)
      const refused = yield* Effect.flip(Request.jobOf([Toys.toy], request))
      expect(refused.message).toContain('The worker knows no pipeline "toy.ask"')
    })
  )
)

it("uses and their parameters have names of their own, and their stages are the pipeline's", () => {
  const use = {
    description: "",
    build: (_: unknown, { total }: { readonly total: (typeof toyResults)["total"] }) => ({ total })
  }
  expect(() => Pipeline.withUse(used, { ...use, name: "ask", params: {} })).toThrow(/has two uses called "ask"/)
  expect(() => Pipeline.withUse(used, { ...use, name: "more", params: Toys.shift.params })).toThrow(DefinitionInvalid)
  expect(used.definitions).toContain(compare.definition)
  expect(Pipeline.named([used], "toy.ask")).toBe(ask)
})
const toyResults = Toys.toy.build(Pipeline.defaults(Toys.toy.params) as never)
