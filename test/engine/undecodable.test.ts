import { expect, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { beforeEach } from "vitest"
import * as Digest from "../../artifacts/Digest.ts"
import * as Document from "../../artifacts/Document.ts"
import type { Key } from "../../cache/Key.ts"
import type { Trace } from "../../cache/Trace.ts"
import * as Executor from "../../engine/Executor.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Run from "../../engine/Run.ts"
import * as Stage from "../../engine/Stage.ts"
import * as Toys from "../rig/toys.ts"

// What a faulty program wrote: bytes that are what their name says, under traces that are as they were sealed, and what neither is.

beforeEach(() => {
  Toys.lists.clear()
  Toys.lists.set("a", [1, 2, 3])
  Toys.resetCounts()
})

type Output = Trace["outputs"][string]

const other = Digest.ofBytes("other")

/** What a trace may say of the doubled numbers that is not so. */
const LIES: Readonly<Record<string, (doubled: Output) => Output>> = {
  "the content of a chunk": (doubled) => ({
    ...doubled,
    parts: doubled.parts.map((part) => ({ ...part, content: other }))
  }),
  "the content of the table": (doubled) => ({ ...doubled, content: other }),
  "the cells of its columns": (doubled) => ({ ...doubled, header: { shapes: { value: [7] }, metadata: {} } }),
  "a header that is none": (doubled) => ({ ...doubled, header: "none" })
}

/** A store that a run of the toy has filled, whose doubled numbers then get another trace, and whose sum is asked for anew. */
const lied = (lie: (doubled: Output) => Output) =>
  Effect.gen(function* () {
    const store = Toys.memory()
    const layer = Layer.provideMerge(Layer.merge(store.layer, Executor.layerInProcess(Toys.toy)), store.layer)
    const run = (given: Readonly<Record<string, unknown>> = {}) => Effect.provide(Toys.runToy(given), layer)
    const first = yield* run()
    const [key, trace] = [...store.traces].find(([, { node }]) => node === "double") as [Key, Trace]
    store.traces.set(key, { ...trace, outputs: { doubled: lie(trace.outputs.doubled as Output) } })
    store.events.length = 0
    Toys.resetCounts()
    return { ...store, key, trace, first, run }
  })

for (const [what, lie] of Object.entries(LIES))
  it.effect(`a trace that lies of ${what} is told of once, and its node computed again`, () =>
    Effect.gen(function* () {
      const { run, first, traces, events, key, trace } = yield* lied(lie)
      const record = yield* run({ modulo: 5 })
      expect([record.status, Toys.ran(record)]).toEqual(["done", ["double", "sum", "describe"]])
      expect(traces.get(key)?.outputs).toEqual(trace.outputs)
      expect(record.nodes.find(({ node }) => node === "double")?.reasons).toMatchObject([
        { _tag: "ObjectLost", output: "doubled", what: "undecodable" }
      ])
      const warned = events.flatMap((event) => (event._tag === "Warned" ? [event.message] : []))
      expect(warned).toEqual(["An object of double was undecodable; it is computed again."])
      Toys.resetCounts()
      const again = yield* run()
      expect([Toys.contents(again), Toys.ran(again)]).toEqual([Toys.contents(first), []])
    })
  )

/** A codec that refuses what it wrote itself. */
const Refused = (() => {
  const sound = Document.make("Refused", 1, Schema.Number)
  const strict = Document.make("Refused", 1, Schema.String)
  return { ...sound, decode: strict.decode } as unknown as typeof sound
})()
const write = Stage.make({
  name: "read",
  inputs: {},
  outputs: { refused: Refused },
  run: () =>
    Effect.sync(() => {
      Toys.counts.runs.set("write", (Toys.counts.runs.get("write") ?? 0) + 1)
      return { refused: 1 }
    })
})
const use = Stage.make({
  name: "sum",
  inputs: { refused: Refused },
  outputs: { total: Toys.Total },
  run: ({ refused }) => Effect.succeed({ total: { total: refused } })
})
const refusing = Pipeline.make({
  name: "refusing",
  description: "Cannot read what it writes",
  params: {},
  build: () => use(write({}, {}))
})

it.effect("what cannot be decoded once it is computed again fails by name, and is computed no more", () =>
  Effect.gen(function* () {
    const store = Toys.memory()
    const layer = Layer.provideMerge(Layer.merge(store.layer, Executor.layerInProcess(refusing)), store.layer)
    const record = yield* Effect.provide(Run.run(refusing, {}, { cores: 1 }), layer)
    expect(Toys.counts.runs.get("write")).toBe(2)
    expect(record.nodes.at(-1)).toMatchObject({
      status: "failed",
      error: {
        tag: "InputLost",
        what: expect.stringMatching(/^Object [0-9a-f]{64} cannot be decoded: Refused@1: .*string/i),
        fix: expect.stringContaining("correct the stage or the artifact")
      }
    })
  })
)
