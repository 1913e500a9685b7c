import { expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { BlobsFailed } from "../../../cache/remote/Blobs.ts"
import * as Breaker from "../../../cache/remote/Breaker.ts"

const busy = new BlobsFailed({ cause: "busy", message: "answers 503" })
const wrong = new BlobsFailed({ cause: "wrong", message: "has more bytes" })

/** A breaker, what it told, and a store whose answer a test chooses. */
const broken = Effect.gen(function* () {
  const opened: Array<BlobsFailed> = []
  const wrongs: Array<BlobsFailed> = []
  const { guard } = yield* Breaker.make({
    onOpen: (failure) => Effect.sync(() => void opened.push(failure)),
    onWrong: (failure) => Effect.sync(() => void wrongs.push(failure))
  })
  const store = { answer: Effect.succeed("bytes") as Effect.Effect<string, BlobsFailed>, asked: 0 }
  const ask = Effect.suspend(() => {
    store.asked += 1
    return store.answer
  })
  return { guard, store, ask, opened, wrongs }
})

it.scoped("after one failure nobody asks, until what failed is done again in the background", () =>
  Effect.gen(function* () {
    const { guard, store, ask, opened } = yield* broken
    store.answer = busy
    expect(yield* Effect.flip(guard(ask))).toBe(busy)
    for (let other = 0; other < 100; other++) expect(yield* Effect.flip(guard(ask))).toBe(busy)
    expect([store.asked, opened]).toEqual([1, [busy]])
    // something else may be answered all the time
    yield* TestClock.adjust("5 seconds")
    expect(yield* Effect.flip(guard(Effect.succeed("other")))).toBe(busy)
    store.answer = Effect.succeed("bytes")
    yield* TestClock.adjust("30 seconds")
    expect(yield* guard(ask)).toBe("bytes")
    expect(opened).toEqual([busy])
  })
)

it.scoped("what stays down is asked more and more rarely, at most half a minute apart", () =>
  Effect.gen(function* () {
    const { guard, store, ask } = yield* broken
    store.answer = busy
    yield* Effect.flip(guard(ask))
    yield* TestClock.adjust("1 minute")
    expect(store.asked).toBeLessThan(10)
    const before = store.asked
    yield* TestClock.adjust("10 minutes")
    expect(store.asked - before).toBeGreaterThanOrEqual(19)
    expect(store.asked - before).toBeLessThanOrEqual(21)
  })
)

it.scoped("a wrong answer stands for itself, and is an answer where one was waited for", () =>
  Effect.gen(function* () {
    const { guard, store, ask, opened, wrongs } = yield* broken
    store.answer = wrong
    expect(yield* guard(ask)).toBe(null)
    expect(yield* guard(Effect.succeed("other"))).toBe("other")
    store.answer = busy
    expect(yield* Effect.flip(guard(ask))).toBe(busy)
    store.answer = wrong
    yield* TestClock.adjust("2 seconds")
    expect(yield* guard(Effect.succeed("other"))).toBe("other")
    expect([wrongs, opened]).toEqual([[wrong], [busy]])
  })
)

it.scoped("one that another process found open is open from the beginning, and says nothing of that", () =>
  Effect.gen(function* () {
    let isDown = true
    const opened: Array<BlobsFailed> = []
    const breaker = yield* Breaker.make({
      failed: { work: Effect.suspend(() => (isDown ? busy : Effect.void)), failure: busy },
      onOpen: (failure) => Effect.sync(() => void opened.push(failure)),
      onWrong: () => Effect.void
    })
    expect(yield* Effect.flip(breaker.guard(Effect.succeed("bytes")))).toBe(busy)
    yield* TestClock.adjust("10 seconds")
    expect(breaker.isOpen()).toBe(true)
    isDown = false
    yield* TestClock.adjust("30 seconds")
    expect(breaker.isOpen()).toBe(false)
    expect(yield* breaker.guard(Effect.succeed("bytes"))).toBe("bytes")
    expect(opened).toEqual([])
  })
)
