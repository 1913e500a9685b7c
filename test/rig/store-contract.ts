import { expect, it } from "@effect/vitest"
import { Chunk, Effect, Either, Fiber, type Layer, Option, Stream } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import * as Key from "../../cache/Key.ts"
import { Leases } from "../../cache/Lease.ts"
import { ObjectStore } from "../../cache/ObjectStore.ts"
import { type Trace, TraceStore } from "../../cache/Trace.ts"
import { codeOf } from "./code.ts"

const bytes = (text: string) => new TextEncoder().encode(text)

export const textOf = (stage: string, n: number): Key.KeyText => ({
  format: 1,
  stage,
  params: { n },
  inputs: {},
  code: codeOf("any"),
  facts: {},
  outputs: {}
})

export const traceOf = (stage: string, n: number): Trace => {
  const text = textOf(stage, n)
  const part = {
    name: "x.json",
    object: Digest.ofBytes(String(n)),
    bytes: 1,
    rows: null,
    content: Digest.ofBytes(String(n))
  }
  return {
    key: Either.getOrThrow(Key.ofText(text)),
    text,
    pipeline: "p",
    node: stage,
    outputs: {
      out: {
        artifact: "X@1",
        kind: "document",
        content: part.content,
        rows: null,
        bytes: 1,
        parts: [part],
        header: null
      }
    },
    labels: {},
    seconds: n,
    chunks: null,
    host: "h",
    finished: new Date(1e12 + n * 1000).toISOString()
  }
}

type Cache = ObjectStore | TraceStore | Leases

/** What every cache must do, whatever it keeps its bytes in. `cache` is made anew for each test. */
export const storeContract = (name: string, cache: () => Layer.Layer<Cache>) => {
  const test = (sentence: string, use: Effect.Effect<void, unknown, Cache>) =>
    it.live(`${name}: ${sentence}`, () => Effect.provide(use, cache()))

  test(
    "what is put is got back under its sha256, also twice",
    Effect.gen(function* () {
      const store = yield* ObjectStore
      const object = yield* store.put(bytes("hello"))
      expect(object).toBe(Digest.ofBytes("hello"))
      expect(yield* store.put(bytes("hello"))).toBe(object)
      expect(new TextDecoder().decode(yield* store.get(object))).toBe("hello")
      yield* store.check(object)
      expect(yield* store.has(object, 5)).toBe(true)
      expect(yield* store.has(object, 4)).toBe(false)
    })
  )

  test(
    "bytes that are said to be others are not kept as those",
    Effect.gen(function* () {
      const store = yield* ObjectStore
      const other = Digest.ofBytes("other")
      expect(yield* store.put(bytes("hello"), Digest.ofBytes("hello"))).toBe(Digest.ofBytes("hello"))
      yield* Effect.ignore(store.put(bytes("right"), other))
      expect(yield* Effect.either(store.get(other))).toMatchObject({ left: { _tag: "ObjectMissing" } })
    })
  )

  test(
    "whoever writes into bytes that were put, or that were got, changes nothing that is kept",
    Effect.gen(function* () {
      const store = yield* ObjectStore
      const mine = Buffer.from("hello")
      const object = yield* store.put(mine)
      mine.fill(0)
      const got = yield* store.get(object)
      got.fill(0)
      expect(new TextDecoder().decode(yield* store.get(object))).toBe("hello")
    })
  )

  test(
    "an object that is removed is missing, and one that never was is removed without a word",
    Effect.gen(function* () {
      const store = yield* ObjectStore
      const object = yield* store.put(bytes("hello"))
      yield* store.remove(object)
      expect((yield* Effect.flip(store.get(object)))._tag).toBe("ObjectMissing")
      expect((yield* Effect.flip(store.check(object)))._tag).toBe("ObjectMissing")
      yield* store.remove(object)
      expect(yield* store.put(bytes("hello"))).toBe(object)
      expect(new TextDecoder().decode(yield* store.get(object))).toBe("hello")
    })
  )

  test(
    "the keys of a stage are those of its traces",
    Effect.gen(function* () {
      const traces = yield* TraceStore
      const [one, two, other] = [traceOf("train", 1), traceOf("train", 2), traceOf("evaluate", 1)]
      for (const trace of [one, two, other]) yield* traces.put(trace)
      expect(yield* traces.keysOf("train")).toEqual(new Set([one.key, two.key]))
      yield* traces.remove("train", one.key)
      expect(yield* traces.keysOf("train")).toEqual(new Set([two.key]))
      expect((yield* traces.keysOf("plot")).size).toBe(0)
    })
  )

  test(
    "an object that is not there is missing, by name",
    Effect.gen(function* () {
      const store = yield* ObjectStore
      const object = Digest.ofBytes("nobody put me")
      const error = yield* Effect.flip(store.get(object))
      expect(error).toMatchObject({ _tag: "ObjectMissing", object })
      expect(yield* store.has(object, 13)).toBe(false)
    })
  )

  test(
    "whole bytes are not discarded, and what is not there has nothing to discard",
    Effect.gen(function* () {
      const store = yield* ObjectStore
      const object = yield* store.put(bytes("whole"))
      yield* store.discard(object)
      expect((yield* store.get(object)).length).toBe(5)
      yield* store.discard(Digest.ofBytes("nobody put me"))
    })
  )

  test(
    "objects are found by a prefix of their digest",
    Effect.gen(function* () {
      const store = yield* ObjectStore
      const all = yield* Effect.forEach(["a", "b", "c"], (text) => store.put(bytes(text)))
      for (const length of [1, 2, 12, 64]) {
        const found = Chunk.toReadonlyArray(yield* Stream.runCollect(store.find((all[1] ?? "").slice(0, length))))
        expect(found).toContain(all[1])
        expect(found.every((object) => object.startsWith((all[1] ?? "").slice(0, length)))).toBe(true)
      }
    })
  )

  test(
    "a trace is found under its stage and key, and by its stage, the newest first, those dated in the future last",
    Effect.gen(function* () {
      const traces = yield* TraceStore
      expect(yield* traces.ofStage("s")).toEqual([])
      // seconds after 2001
      const ahead = 3e9
      for (const n of [1, ahead, 3, 2]) yield* traces.put(traceOf("s", n))
      yield* traces.put(traceOf("other", 4))
      expect(yield* traces.get("s", traceOf("s", 2).key)).toEqual({ _tag: "Hit", trace: traceOf("s", 2) })
      expect((yield* traces.get("s", traceOf("s", 9).key))._tag).toBe("Absent")
      expect((yield* traces.ofStage("s")).map(({ seconds }) => seconds)).toEqual([3, 2, 1, ahead])
      expect(yield* traces.stages).toEqual(["other", "s"])
      yield* traces.remove("s", traceOf("s", 2).key)
      expect((yield* traces.get("s", traceOf("s", 2).key))._tag).toBe("Absent")
    })
  )

  test(
    "a chunk's trace is kept apart from the node's",
    Effect.gen(function* () {
      const traces = yield* TraceStore
      const { key, outputs } = traceOf("s", 1)
      const [part] = outputs.out?.parts ?? []
      if (part === undefined) return expect.fail("no part")
      const chunk = { key, stage: "s", header: { shapes: { a: [1] }, metadata: { b: "c" } }, part }
      yield* traces.putChunk(chunk)
      expect(yield* traces.getChunk("s", key)).toEqual({ _tag: "Hit", trace: chunk })
      expect((yield* traces.get("s", key))._tag).toBe("Absent")
      expect(yield* traces.ofStage("s")).toEqual([])
    })
  )

  test(
    "a lease is held by one fiber at a time, and by the next once the first lets go",
    Effect.gen(function* () {
      const leases = yield* Leases
      const { key } = traceOf("s", 1)
      let holders = 0
      let most = 0
      let waited = 0
      const work = Effect.scoped(
        Effect.gen(function* () {
          if ((yield* leases.tryAcquire(key)) === null) {
            waited += 1
            yield* leases.acquire(key)
          }
          holders += 1
          most = Math.max(most, holders)
          // the first holds it until somebody else was refused
          while (waited === 0) yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
          holders -= 1
        })
      )
      yield* Effect.all([work, work, work], { concurrency: "unbounded" })
      expect(most).toBe(1)
      expect(waited).toBeGreaterThanOrEqual(1)
      expect(yield* Effect.scoped(leases.tryAcquire(key))).not.toBeNull()
    })
  )

  test(
    "a lease that nobody takes over is not lost, also not when it is let go",
    Effect.gen(function* () {
      const leases = yield* Leases
      const { key } = traceOf("s", 1)
      const told = yield* Effect.scoped(
        Effect.gen(function* () {
          const held = yield* leases.tryAcquire(key)
          return yield* Effect.fork(held?.lost ?? Effect.void)
        })
      )
      yield* Effect.scoped(leases.acquire(key))
      expect(yield* Fiber.poll(told)).toEqual(Option.none())
    })
  )

  test(
    "a waiter that is interrupted lets the others on",
    Effect.gen(function* () {
      const leases = yield* Leases
      const { key } = traceOf("s", 1)
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* leases.acquire(key)
          const waiter = Effect.scoped(leases.acquire(key))
          expect(yield* Effect.either(Effect.raceFirst(waiter, Effect.fail("interrupted")))).toMatchObject({
            left: "interrupted"
          })
        })
      )
      yield* Effect.scoped(leases.acquire(key))
    })
  )
}
