import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import type * as Pins from "../../../cache/Pins.ts"
import * as Needed from "../../../engine/gc/Needed.ts"
import { layerMemory, type NodeRecord, type RunRecord } from "../../../engine/RunRecord.ts"

const nodeOf = (node: string, key: string, status: NodeRecord["status"] = "reused"): NodeRecord => ({
  node,
  stage: node,
  status,
  key,
  seconds: 1,
  bytes: 1,
  rows: null,
  chunks: null,
  reason: null,
  reasons: [],
  told: null,
  error: null,
  printed: null
})

const recordOf = (run: string, nodes: ReadonlyArray<NodeRecord>, more: Partial<RunRecord> = {}): RunRecord => ({
  schema: 1,
  run,
  pipeline: "toy",
  status: "done",
  started: `${run}T00:00:00.000Z`,
  seconds: 1,
  params: {},
  nodes,
  git: null,
  error: null,
  results: {},
  ...more
})

const point = (...nodes: ReadonlyArray<string>) => ({
  params: {},
  status: "done" as const,
  nodes,
  results: {},
  error: null
})
const sweep = { varied: [], points: [point("features", "a"), point("features", "b")] }

/** As records are kept: the newest first. */
const of = (
  records: ReadonlyArray<RunRecord>,
  keeping: Partial<Needed.Keeping> = {},
  pins: ReadonlyArray<Pins.Pin> = [],
  remembered: ReadonlyMap<string, number> = new Map()
) =>
  Effect.provide(
    Needed.needed({ last: 1, since: null, ...keeping }, pins, remembered, Effect.void),
    layerMemory([...records])
  )

const runs = [
  recordOf("2026-01-05", [nodeOf("a", "a5", "failed")], { status: "failed" }),
  recordOf("2026-01-04", [nodeOf("a", "a4")]),
  recordOf("2026-01-03", [nodeOf("a", "a3", "ran")]),
  recordOf("2026-01-02", [nodeOf("a", "a4", "ran"), nodeOf("b", "b2")], { pipeline: "other" }),
  recordOf("2026-01-01", [nodeOf("a", "a1")])
]

it.effect("the newest run of each pipeline is needed, and the newest that was done", () =>
  Effect.gen(function* () {
    const { keys, runs: kept } = yield* of(runs)
    expect([...keys]).toEqual([
      ["a5", "newest run"],
      ["a4", "newest run"],
      ["b2", "newest run"]
    ])
    expect([...kept.keys()]).toEqual(["2026-01-05", "2026-01-04", "2026-01-02"])
  })
)

it.effect("as many runs of each pipeline are kept as are asked for, and all that are younger", () =>
  Effect.gen(function* () {
    expect((yield* of(runs, { last: 3 })).keys.get("a3")).toBe("kept run")
    const { keys } = yield* of(runs, { since: Date.UTC(2026, 0, 1) })
    expect(keys.get("a1")).toBe("kept run")
    expect((yield* of(runs, { since: Date.UTC(2026, 0, 2) })).keys.has("a1")).toBe(false)
  })
)

it.effect(
  "of a sweep that is kept for being the newest, what several points share is needed; traces of all it tells of stay",
  () =>
    Effect.gen(function* () {
      const nodes = ["features", "a", "b"].map((name) => nodeOf(name, name))
      const swept = recordOf("2026-02-01", nodes, { sweep })
      const { keys, told } = yield* of([swept, ...runs])
      expect([...keys.keys()].filter((key) => ["features", "a", "b"].includes(key))).toEqual(["features"])
      expect([...told]).toEqual(expect.arrayContaining(["features", "a", "b", "a5"]))
      const young = yield* of([swept], { since: Date.UTC(2026, 1, 1) })
      expect([...young.keys.keys()]).toEqual(["features", "a", "b"])
    })
)

it.effect("what is pinned is needed for that, whatever else needs it, and also where the pin is damaged", () =>
  Effect.gen(function* () {
    const content = { asked: "", label: "", keys: ["lost"], pinned: "" }
    const pins: ReadonlyArray<Pins.Pin> = [
      { subject: { _tag: "Run", run: "2026-01-01" }, content: null },
      { subject: { _tag: "Run", run: "2020-01-01" }, content },
      { subject: { _tag: "Key", key: "a4" as never }, content: null }
    ]
    const { keys, runs: kept } = yield* of(runs, {}, pins)
    for (const key of ["a1", "a4", "lost"]) expect([key, keys.get(key)]).toEqual([key, "pinned"])
    expect(kept.get("2026-01-01")).toBe("pinned")
  })
)

it.effect(
  "every time that a result was found counts, by records and by what is remembered of those that are gone",
  () =>
    Effect.gen(function* () {
      const { found, foundBy } = yield* of(runs, {}, [], new Map([["a1", 2]]))
      expect(Object.fromEntries(found)).toEqual({ a1: 3, a4: 1, b2: 1 })
      expect(foundBy.get("2026-01-02")).toEqual(["b2"])
    })
)
