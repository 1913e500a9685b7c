import { beforeEach, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Executor from "../../engine/Executor.ts"
import * as KeptBeside from "../../engine/KeptBeside.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Plan from "../../engine/Plan.ts"
import * as Toys from "../rig/toys.ts"
import { resetWorld, runWalk, walking } from "../rig/walking.ts"

beforeEach(() => {
  resetWorld()
  Toys.lists.set("a", [1, 2, 3])
})

it.effect("beside a result are the chunks of its table and the newest state of its steps", () =>
  Effect.gen(function* () {
    const kept = Toys.memory()
    const live = Layer.provideMerge(Executor.layerInProcess(walking), kept.layer)
    const beside = Effect.gen(function* () {
      const values = yield* Effect.orDie(Pipeline.decodeParams(walking, { steps: 4 }))
      const { entries } = yield* Plan.entries(Pipeline.graph(walking, values))
      const all: Record<string, KeptBeside.KeptBeside> = {}
      for (const { entry, decision } of entries)
        if (decision?.hit != null) all[entry.name] = yield* KeptBeside.of(entry, decision)
      return all
    })
    yield* Effect.provide(runWalk({ steps: 4 }), live)
    const found = yield* Effect.provide(beside, live)
    expect(found.double).toEqual({ chunks: [...kept.chunks.keys()], state: null })
    expect(found.walk?.state?.text).toMatchObject({ stage: "walk.state", params: { steps: 4 } })
    expect(found.sum).toEqual({ chunks: [], state: null })
    kept.chunks.clear()
    expect((yield* Effect.provide(beside, live)).double).toEqual({ chunks: [], state: null })
  })
)
