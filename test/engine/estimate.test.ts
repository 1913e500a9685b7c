import { beforeEach, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Trace } from "../../cache/Trace.ts"
import * as Estimate from "../../engine/Estimate.ts"
import * as Executor from "../../engine/Executor.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Plan from "../../engine/Plan.ts"
import * as Toys from "../rig/toys.ts"
import { resetWorld, runWalk, walking } from "../rig/walking.ts"

// What is to run is likely to take what an earlier result of its stage took. Seconds are those of the traces, as a test sets them.

const store = () => {
  const kept = Toys.memory()
  const live = Layer.provideMerge(Executor.layerInProcess(walking), kept.layer)
  return {
    run: (given: Readonly<Record<string, unknown>>) => Effect.provide(runWalk(given), live),
    /** Changes the traces of a stage, as if they had been written on another machine. */
    rewrite: (stage: string, change: (trace: Trace) => Partial<Trace>) => {
      for (const [key, trace] of kept.traces)
        if (trace.text.stage === stage) kept.traces.set(key, { ...trace, ...change(trace) })
    },
    estimates: (given: Readonly<Record<string, unknown>>) =>
      Effect.gen(function* () {
        const values = yield* Effect.orDie(Pipeline.decodeParams(walking, given))
        const { entries } = yield* Plan.entries(Pipeline.graph(walking, values))
        return yield* Estimate.estimates(entries)
      }).pipe(Effect.provide(live))
  }
}

beforeEach(() => {
  resetWorld()
  Toys.lists.set(
    "a",
    Array.from({ length: 2_500 }, (_, at) => at)
  )
})

it.effect("nothing is likely of a stage that has no result yet, and nothing is said of what is kept", () =>
  Effect.gen(function* () {
    const { run, estimates } = store()
    expect((yield* estimates({ steps: 4 })).size).toBe(0)
    yield* run({ steps: 4 })
    expect((yield* estimates({ steps: 4 })).size).toBe(0)
  })
)

it.effect("a training takes as much longer as it has more steps, and those that are kept take nothing", () =>
  Effect.gen(function* () {
    const { run, rewrite, estimates } = store()
    yield* run({ steps: 4 })
    rewrite("walk", () => ({ seconds: 20 }))
    expect((yield* estimates({ steps: 10 })).get("walk")?.seconds).toBe(30)
    expect((yield* estimates({ steps: 10, stride: 2 })).get("walk")?.seconds).toBe(50)
  })
)

it.effect("of several results that counts which differs in the fewest parameters", () =>
  Effect.gen(function* () {
    const { run, rewrite, estimates } = store()
    yield* run({ steps: 4, stride: 1 })
    yield* run({ steps: 4, stride: 2, forgetful: true })
    rewrite("walk", ({ text }) => ({ seconds: text.params.stride === 1 ? 20 : 400 }))
    // from the first it differs in its stride alone, from the second in that and more
    expect((yield* estimates({ steps: 4, stride: 3 })).get("walk")?.seconds).toBe(20)
    expect((yield* estimates({ steps: 4, stride: 3, forgetful: true })).get("walk")?.seconds).toBe(400)
  })
)

it.effect("a table takes as much as the chunks of it that are to be computed", () =>
  Effect.gen(function* () {
    const { run, rewrite, estimates } = store()
    yield* run({ steps: 1 })
    rewrite("double", ({ chunks }) => ({ seconds: 10 * (chunks?.ran ?? 0) }))
    const before = [...(Toys.lists.get("a") ?? [])]
    Toys.lists.set("a", [...before.slice(0, 2_499), 7])
    expect((yield* estimates({ steps: 1 })).get("double")?.seconds).toBe(10)
  })
)

it.effect("so does what may run: it is likely to take what it did, should it", () =>
  Effect.gen(function* () {
    const { run, rewrite, estimates } = store()
    yield* run({ steps: 2 })
    rewrite("sum", () => ({ seconds: 3 }))
    Toys.lists.set("a", [1, 2, 3])
    const likely = yield* estimates({ steps: 2 })
    expect(likely.get("sum")?.seconds).toBe(3)
    expect(likely.get("sum")?.bytes).toBeGreaterThan(0)
  })
)
