import { beforeEach, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Executor from "../../engine/Executor.ts"
import * as Past from "../../engine/Past.ts"
import * as Run from "../../engine/Run.ts"
import type { RunRecord } from "../../engine/RunRecord.ts"
import * as Toys from "../rig/toys.ts"

// Where the results of a run that is over came from, by records and traces alone.

const store = () => {
  const kept = Toys.memory()
  const live = Layer.provideMerge(Executor.layerInProcess(Toys.toy), kept.layer)
  return {
    ...kept,
    run: (given: Readonly<Record<string, unknown>> = {}, again: ReadonlyArray<string> = []) =>
      Effect.flatMap(Toys.params(given), (values) => Run.run(Toys.toy, values, { cores: 2 }, new Set(again))).pipe(
        // two runs of one millisecond would be of one time
        Effect.zipLeft(Effect.sleep("2 millis")),
        Effect.provide(live)
      ),
    origins: (record: RunRecord) =>
      Effect.map(Effect.provide(Past.of(record), live), (all) =>
        Object.fromEntries(all.map(({ record: { node }, origin }) => [node, origin]))
      )
  }
}

beforeEach(() => {
  Toys.resetCounts()
  Toys.lists.set("a", [1, 2, 3])
})

it.live("what a run computed is its own, and what it found was made by the newest run before it that did", () =>
  Effect.gen(function* () {
    const { run, origins } = store()
    const first = yield* run()
    const second = yield* run({ modulo: 7 })
    const third = yield* run({ modulo: 7 })
    expect((yield* origins(first)).sum?.run).toBe(first.run)
    const found = yield* origins(third)
    expect(found.sum?.run).toBe(second.run)
    expect(found.read?.run).toBe(first.run)
    expect(found.sum?.trace?.seconds).toBeGreaterThanOrEqual(0)
  })
)

it.live("what was computed again since tells nothing of a run before that", () =>
  Effect.gen(function* () {
    const { run, origins } = store()
    const first = yield* run()
    const second = yield* run()
    const again = yield* run({}, ["sum"])
    const last = yield* run()
    expect((yield* origins(second)).sum).toEqual({ run: first.run, trace: null })
    expect((yield* origins(second)).read?.trace).not.toBeNull()
    expect((yield* origins(last)).sum).toMatchObject({ run: again.run, trace: { host: expect.any(String) } })
  })
)

it.live("a result whose run left no record, or whose trace is gone, is one of which that is not known", () =>
  Effect.gen(function* () {
    const { run, origins, records, traces } = store()
    const first = yield* run()
    const second = yield* run()
    records.splice(records.indexOf(first), 1)
    expect((yield* origins(second)).sum).toMatchObject({ run: null, trace: { host: expect.any(String) } })
    traces.clear()
    expect((yield* origins(second)).sum).toEqual({ run: null, trace: null })
  })
)

it.live("a node that had no result has no origin", () =>
  Effect.gen(function* () {
    const { run, origins } = store()
    const record = yield* run({ failAt: 1 })
    const without = record.nodes.filter(({ status }) => status !== "ran" && status !== "reused")
    expect(without.map(({ status }) => status)).toContain("failed")
    for (const { node } of without) expect((yield* origins(record))[node]).toBeNull()
  })
)
