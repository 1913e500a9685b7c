import * as fs from "node:fs"
import * as path from "node:path"
import { beforeEach, expect, it } from "@effect/vitest"
import { Effect, Layer, Schema, Stream } from "effect"
import * as fc from "fast-check"
import * as ArrowTable from "../../artifacts/ArrowTable.ts"
import * as Document from "../../artifacts/Document.ts"
import * as LeaseDisk from "../../cache/lease-disk.ts"
import * as ObjectStoreDisk from "../../cache/object-store-disk.ts"
import { TraceStore } from "../../cache/Trace.ts"
import * as TraceDisk from "../../cache/trace-disk.ts"
import type * as Audit from "../../engine/Audit.ts"
import { computeAside } from "../../engine/aside.ts"
import { Code } from "../../engine/Code.ts"
import * as Difference from "../../engine/Difference.ts"
import * as Executor from "../../engine/Executor.ts"
import * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Run from "../../engine/Run.ts"
import * as RunEvent from "../../engine/RunEvent.ts"
import * as RunRecord from "../../engine/RunRecord.ts"
import * as Stage from "../../engine/Stage.ts"
import { codeOf } from "../rig/code.ts"
import { folder } from "../rig/folder.ts"
import * as Toys from "../rig/toys.ts"

// Results that are reused are computed again, and what came out is compared. The stages here depend on a world that no key holds.

const ROWS = 2_500
const world = { offAt: null as number | null, off: 0, computed: [] as Array<string> }

const Numbers = ArrowTable.make("AuditedNumbers", 1, { index: "int32", value: "float64" })
const Score = Document.make("AuditedScore", 1, Schema.Struct({ of: Schema.Struct({ mean: Schema.Number }) }))
const params = { tolerance: Param.make(Schema.Number, 0, "Which stage computes the score") }

const numbers = Stage.make({
  name: "numbers",
  inputs: {},
  outputs: { numbers: Numbers },
  run: () =>
    Effect.sync(() => {
      world.computed.push("numbers")
      const index = Int32Array.from({ length: ROWS }, (_, row) => row)
      const value = Float64Array.from(index, (row) => row + (row === world.offAt ? world.off : 0))
      return { numbers: ArrowTable.of(Numbers, { index, value }) }
    })
})
const scoring = (name: string, tolerance: number) =>
  Stage.make({
    name,
    inputs: { numbers: Numbers },
    outputs: { score: Score },
    tolerance,
    run: ({ numbers }) =>
      Effect.gen(function* () {
        world.computed.push(name)
        const rows = yield* Stream.runFold(numbers.batches, 0, (sum, batch) => sum + batch.rows)
        return { score: { of: { mean: 100 + rows / ROWS + (world.offAt === null ? 0 : world.off) } } }
      })
  })
const strict = scoring("strict", 0)
const tolerant = scoring("tolerant", 0.01)
const scored = Pipeline.make({
  name: "scored",
  description: "Scores numbers",
  params,
  build: ({ tolerance }) => {
    const made = numbers({})
    return { score: tolerance === 0 ? strict(made).score : tolerant(made).score }
  }
})

const code = Layer.succeed(Code, { of: ({ name }) => Effect.succeed(codeOf(name, { [`stages/${name}.ts`]: name })) })

const store = () => {
  const home = folder("headrace-audit")
  const cacheAt = (at: string) => Layer.mergeAll(ObjectStoreDisk.layerDisk(at), TraceDisk.layerDisk(at))
  const executorAt = (at: string) => Layer.provide(Executor.layerInProcess(scored), [cacheAt(at), code])
  const heard: Array<string> = []
  const events: Array<RunEvent.RunEvent> = []
  const live = Layer.mergeAll(
    Layer.provideMerge(Executor.layerInProcess(scored), cacheAt(home)),
    LeaseDisk.layerDisk(home),
    code,
    Toys.layerReadResults,
    RunEvent.layerCollect(events),
    RunRecord.layerMemory([])
  )
  const auditing = (share: number): Audit.Auditing => ({
    share,
    compute: computeAside(home, executorAt),
    hear: (node) => Effect.sync(() => void heard.push(node))
  })
  return {
    home,
    heard,
    auditing,
    run: (how: Audit.Auditing | null = null, tolerance = 0) =>
      Run.run(scored, { tolerance }, { cores: 2, auditing: how }).pipe(Effect.provide(live)),
    /** Every file of the store but leases, which come and go. */
    files: () =>
      fs
        .readdirSync(home, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.join(entry.parentPath, entry.name))
        .sort()
        .map((file) => [file, fs.readFileSync(file).toString("base64"), fs.statSync(file).mtimeMs])
  }
}

beforeEach(() => void Object.assign(world, { offAt: null, off: 0, computed: [] }))

it.live("what is reused is computed again, comes out the same, and nothing in the store is touched", () =>
  Effect.gen(function* () {
    const { run, auditing, files, heard } = store()
    yield* run()
    const before = files()
    world.computed = []
    const { status, audit, nodes } = yield* run(auditing(1))
    expect({ status, ran: world.computed.sort(), heard: heard.sort() }).toEqual({
      status: "done",
      ran: ["numbers", "strict"],
      heard: ["numbers", "strict"]
    })
    expect(nodes.map((node) => node.status)).toEqual(["reused", "reused"])
    expect(audit?.map(({ verdict }) => verdict)).toEqual(["same", "same"])
    expect(files()).toEqual(before)
  })
)

it.live("a table that comes out otherwise fails the run, which names the stage and the first row that differs", () =>
  Effect.gen(function* () {
    const { run, auditing, files, home } = store()
    const first = yield* run()
    const before = files()
    Object.assign(world, { offAt: 1_234, off: 0.5 })
    const { status, audit = [], error, results } = yield* run(auditing(1))
    expect(status).toBe("failed")
    expect(audit.find(({ node }) => node === "numbers")).toMatchObject({
      stage: "numbers",
      verdict: "differs",
      differences: [{ output: "numbers", at: "row 1234, column value", before: "1234", after: "1234.5" }]
    })
    expect(audit.find(({ node }) => node === "strict")?.differences).toEqual([
      { output: "score", at: "of.mean", before: "101", after: "101.5" }
    ])
    expect(error?.what).toMatch(/^Of 2 results that were reused and computed again, 2 came out otherwise: /)
    expect(error?.what).toContain("numbers: numbers, row 1234, column value, was 1234, is 1234.5")
    // what is kept stays kept, and what was computed for the audit is gone
    expect(results).toEqual(first.results)
    expect(files()).toEqual(before)
    expect(fs.readdirSync(home).filter((name) => name.startsWith("."))).toEqual([])
  })
)

it.live("numbers within the tolerance of their stage are close, and no failure; farther ones are", () =>
  Effect.gen(function* () {
    const { run, auditing } = store()
    yield* run(null, 1)
    Object.assign(world, { offAt: -1, off: 0.5 })
    const close = yield* run(auditing(1), 1)
    expect(close.status).toBe("done")
    expect(close.audit?.find(({ stage }) => stage === "tolerant")).toMatchObject({ verdict: "close", differences: [] })
    world.off = 5
    expect((yield* run(auditing(1), 1)).status).toBe("failed")
  })
)

it.live("of a small share one is computed again, and nothing where nothing was reused", () =>
  Effect.gen(function* () {
    const { run, auditing } = store()
    expect((yield* run(auditing(0.01))).audit).toEqual([])
    world.computed = []
    expect((yield* run(auditing(0.01))).audit).toHaveLength(1)
    expect(world.computed).toHaveLength(1)
  })
)

it.live("an audit that compares nothing, or what is kept with itself, is caught by these tests", () =>
  Effect.gen(function* () {
    const { run, auditing, home } = store()
    yield* run()
    Object.assign(world, { offAt: 3, off: 1 })
    // it gives what is kept for what it computed
    const broken: Audit.Auditing = {
      ...auditing(1),
      compute: ({ key, text }) =>
        Effect.gen(function* () {
          const found = yield* Effect.provide(
            Effect.flatMap(TraceStore, (traces) => traces.get(text.stage, key)),
            TraceDisk.layerDisk(home)
          )
          if (found._tag !== "Hit") return yield* Effect.die("it is kept")
          return { trace: found.trace, read: () => Effect.die("nothing is read") }
        })
    }
    expect((yield* run(broken)).status).toBe("done")
    expect((yield* run(auditing(1))).status).toBe("failed")
  })
)

it("two values of JSON differ where they first do, and not at all where they are equal", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      expect(Difference.inValue(one, structuredClone(one), 0)).toBeNull()
      const same = JSON.stringify(one) === JSON.stringify(other)
      if (same) expect(Difference.inValue(one, other, 0)).toBeNull()
      // the order of names is no difference, and -0 is 0
      else if (Difference.inValue(one, other, 0) === null) expect(one).toEqual(JSON.parse(JSON.stringify(other)))
    })
  )
  expect(Difference.inValue({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }, 0)).toEqual({
    at: "a[1].b",
    before: "2",
    after: "3"
  })
  expect(Difference.inValue({ a: 1 }, { a: 1, b: 2 }, 0)).toEqual({ at: "b", before: "nothing", after: "2" })
})

it("a tolerance is absolute up to 1 and relative above, and lets no NaN through", () => {
  expect(Difference.isClose(0, 0.01, 0.01)).toBe(true)
  expect(Difference.isClose(1000, 1009, 0.01)).toBe(true)
  expect(Difference.isClose(1000, 1011, 0.01)).toBe(false)
  expect(Difference.isClose(Number.NaN, Number.NaN, 0)).toBe(true)
  expect(Difference.isClose(Number.NaN, 1, 1e9)).toBe(false)
  expect(() => scoring("refused", -1)).toThrow('Stage "refused" declares the tolerance -1')
})
