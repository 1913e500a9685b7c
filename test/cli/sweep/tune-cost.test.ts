import { expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { likely } from "../../../cli/sweep/tune-cost.ts"
import * as Executor from "../../../engine/Executor.ts"
import * as Pipeline from "../../../engine/Pipeline.ts"
import * as Run from "../../../engine/Run.ts"
import { learning, resetSchool, schoolCode } from "../../rig/learning.ts"
import * as Toys from "../../rig/toys.ts"

// What a tune says before it begins that it is likely to take. Seconds are those of the traces, as the test sets them.

const SECONDS: Readonly<Record<string, number>> = { learn: 20, judge: 8, sum: 1000 }

it.effect(
  "a trial takes what its own nodes take, and those made of these, by the step; what all share counts once",
  () =>
    Effect.gen(function* () {
      resetSchool()
      Toys.lists.set("a", [1, 2, 3])
      const kept = Toys.memory()
      const live = Layer.provideMerge(Executor.layerInProcess(learning), Layer.merge(kept.layer, schoolCode))
      yield* Run.run(learning, { ...Pipeline.defaults(learning.params), epochs: 4 }, { cores: 1 }).pipe(
        Effect.provide(live)
      )
      for (const [key, trace] of kept.traces)
        kept.traces.set(key, { ...trace, seconds: SECONDS[trace.text.stage] ?? 0 })

      const asked = {
        metric: { node: "judge", result: "judged", field: "testAccuracy" },
        steps: "epochs",
        varied: ["rate"]
      }
      const trial = { ...Pipeline.defaults(learning.params), epochs: 4, rate: 0.01 }
      const found = yield* likely(learning, trial, { ...asked, cores: 1 }).pipe(Effect.provide(live))
      expect(found).toEqual({ shared: 0, step: (20 + 8) / 4 })

      Toys.lists.set("a", [1, 2, 3, 4])
      const anew = yield* likely(learning, trial, { ...asked, cores: 1 }).pipe(Effect.provide(live))
      expect(anew).toEqual({ shared: 1000, step: (20 + 8) / 4 })
    })
)
