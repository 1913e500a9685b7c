import { expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import * as fc from "fast-check"
import * as Cores from "../../engine/Cores.ts"

const CORES = 4

it.effect("whatever is interrupted when, no more cores are held than there are, and all are free in the end", () =>
  Effect.promise(() =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ count: fc.integer({ min: 0, max: CORES }), turns: fc.nat(3), cutAfter: fc.nat(6) }), {
          maxLength: 20
        }),
        (nodes) =>
          Effect.runPromise(
            Effect.gen(function* () {
              const cores = Cores.make(CORES)
              let held = 0
              const work = (count: number, turns: number) =>
                Effect.acquireUseRelease(
                  Effect.sync(() => {
                    held += count
                    expect(held).toBeLessThanOrEqual(CORES)
                  }),
                  () => Effect.yieldNow().pipe(Effect.repeatN(turns)),
                  () => Effect.sync(() => (held -= count))
                )
              yield* Effect.forEach(
                nodes,
                ({ count, turns, cutAfter }) =>
                  Effect.gen(function* () {
                    const fiber = yield* Effect.fork(cores.holding(count)(work(count, turns)))
                    yield* Effect.yieldNow().pipe(Effect.repeatN(cutAfter))
                    // half are let go on to their end
                    yield* cutAfter % 2 === 0 ? Fiber.join(fiber) : Fiber.interrupt(fiber)
                  }),
                { concurrency: "unbounded" }
              )
              expect(held).toBe(0)
              expect(yield* cores.holding(CORES)(Effect.succeed("all are free"))).toBe("all are free")
            })
          )
      )
    )
  )
)

it.effect("who waits has its turn in the order of asking, and one that fits does not wait for one that does not", () =>
  Effect.gen(function* () {
    const cores = Cores.make(2)
    const ends = yield* Deferred.make<void>()
    const began: Array<string> = []
    const node = (name: string, count: number, work: Effect.Effect<void> = Effect.void) =>
      Effect.forkScoped(
        cores.holding(count)(
          Effect.zipRight(
            Effect.sync(() => void began.push(name)),
            work
          )
        )
      )
    yield* node("first", 1, Deferred.await(ends))
    yield* Effect.yieldNow()
    const both = yield* node("both", 2)
    yield* Effect.yieldNow()
    const one = yield* node("one", 1)
    const other = yield* node("other", 1)
    yield* Fiber.join(one)
    yield* Fiber.join(other)
    expect(began).toEqual(["first", "one", "other"])
    yield* Deferred.succeed(ends, undefined)
    yield* Fiber.join(both)
    expect(began).toEqual(["first", "one", "other", "both"])
  }).pipe(Effect.scoped)
)
