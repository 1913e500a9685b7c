import { Effect, TestClock, TestContext } from "effect"
import { expect, it } from "vitest"
import { beginning } from "../../engine/Run.ts"

it("names of runs sort by when they began, also of those that began within one second", async () => {
  const names = Effect.gen(function* () {
    yield* TestClock.setTime(Date.UTC(2026, 0, 31, 23, 59, 58))
    return yield* Effect.forEach(Array.from({ length: 400 }), () =>
      Effect.zipLeft(
        Effect.map(beginning, ({ run }) => run),
        TestClock.adjust("7 millis")
      )
    )
  })
  const began = await Effect.runPromise(Effect.provide(names, TestContext.TestContext))
  expect(began[0]).toMatch(/^20260131-235958-000[0-9a-f]{4}$/)
  expect(began.at(-1)).toMatch(/^20260201-000000-/)
  expect([...began].sort()).toEqual(began)
})
