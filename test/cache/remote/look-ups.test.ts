import { beforeEach, describe, expect, it } from "@effect/vitest"
import { Clock, Effect, Either, Stream } from "effect"
import * as Key from "../../../cache/Key.ts"
import { Blobs } from "../../../cache/remote/Blobs.ts"
import { layerMemory } from "../../../cache/remote/blobs-memory.ts"
import { TraceStore } from "../../../cache/Trace.ts"
import { wrap } from "../../rig/broken.ts"
import { machine } from "../../rig/machines.ts"
import { textOf, traceOf } from "../../rig/store-contract.ts"
import * as Toys from "../../rig/toys.ts"

// A store that is far away: what is asked of it one thing after the other costs a journey each.

beforeEach(() => {
  Toys.resetCounts()
  Toys.lists.set("a", [1, 2, 3])
})

/** A shared store whose every answer takes 20 ms, and what was asked of it. */
const far = () => {
  const blobs = new Map<string, Uint8Array>()
  const asked: Array<string> = []
  let underWay = 0
  /** How many requests were under way at most. */
  const most = { of: 0 }
  const journey = <A, E, R>(what: string, answer: Effect.Effect<A, E, R>) =>
    Effect.suspend(() => {
      asked.push(what)
      underWay += 1
      most.of = Math.max(most.of, underWay)
      return Effect.zipRight(Effect.sleep("20 millis"), answer)
    }).pipe(
      Effect.ensuring(
        Effect.sync(() => {
          underWay -= 1
        })
      )
    )
  const layer = wrap(Blobs, layerMemory(blobs), (store) => ({
    ...store,
    get: (name, bytes) => journey(`get ${name}`, store.get(name, bytes)),
    size: (name) => journey(`size ${name}`, store.size(name)),
    list: (prefix) => Stream.unwrap(journey(`list ${prefix}`, Effect.succeed(store.list(prefix))))
  }))
  const reset = () => {
    asked.length = 0
    most.of = 0
  }
  const count = (kind: RegExp) => asked.filter((one) => kind.test(one)).length
  return { blobs, layer, most, reset, count }
}

/** Lets no time pass, since a listing counts for seconds, and nobody knows for how long a machine has something else to do. */
const atOneMoment = <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withClock(work, {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    currentTimeMillis: Effect.succeed(0),
    currentTimeNanos: Effect.succeed(0n),
    unsafeCurrentTimeMillis: () => 0,
    unsafeCurrentTimeNanos: () => 0n,
    sleep: (duration) => Effect.withClock(Effect.sleep(duration), Clock.make())
  })

const keysOf = (stage: string, count: number) =>
  Array.from({ length: count }, (_, n) => Either.getOrThrow(Key.ofText(textOf(stage, n))))
const looking = (stage: string, keys: ReadonlyArray<Key.Key>) =>
  Effect.flatMap(TraceStore, (traces) => traces.getMany(stage, keys))

describe("many keys", () => {
  it.live("of a stage of which the shared store has nothing cost one request", () =>
    Effect.gen(function* () {
      const store = far()
      const at = machine(store.layer, { writer: null })
      const found = yield* Effect.provide(looking("s", keysOf("s", 1_000)), at.cache)
      expect(found.every(({ _tag }) => _tag === "Absent")).toBe(true)
      expect([store.count(/^list/), store.count(/^get/)]).toEqual([1, 0])
    })
  )

  it.live("are asked for side by side, only those that are there, and come in their order", () =>
    Effect.gen(function* () {
      const store = far()
      const first = machine(store.layer)
      const all = Array.from({ length: 60 }, (_, n) => traceOf("s", n))
      yield* Effect.provide(
        Effect.flatMap(TraceStore, (traces) =>
          // every third is there, without an object
          Effect.forEach(all, (trace) =>
            trace.seconds % 3 === 0 ? traces.put({ ...trace, outputs: {} }) : Effect.void
          )
        ),
        first.cache
      )
      yield* first.upload
      store.reset()
      const second = machine(store.layer, { writer: null })
      const found = yield* Effect.provide(looking("s", keysOf("s", 60)), second.cache)
      expect(found.map((lookup) => (lookup._tag === "Hit" ? lookup.trace.seconds : null))).toEqual(
        all.map(({ seconds }) => (seconds % 3 === 0 ? seconds : null))
      )
      expect([store.count(/^list/), store.count(/^get/)]).toEqual([1, 20])
      expect(store.most.of).toBeGreaterThanOrEqual(8)
      store.reset()
      // what was found is kept here, and the rest is not asked for again at once
      yield* Effect.provide(looking("s", keysOf("s", 60)), second.cache)
      expect([store.count(/^list/), store.count(/^get/)]).toEqual([1, 0])
    })
  )

  it.live("of which another machine puts some there a moment later are found by whoever looks for one of them", () =>
    Effect.gen(function* () {
      const store = far()
      const at = machine(store.layer, { writer: null })
      yield* Effect.gen(function* () {
        const traces = yield* TraceStore
        yield* traces.getMany("s", keysOf("s", 100))
        const other = machine(store.layer)
        yield* Effect.provide(
          Effect.flatMap(TraceStore, ({ put }) => put({ ...traceOf("s", 7), outputs: {} })),
          other.cache
        )
        yield* other.upload
        expect((yield* traces.get("s", traceOf("s", 7).key))._tag).toBe("Hit")
      }).pipe(Effect.provide(at.cache))
    })
  )
})

it.live("a sweep whose two hundred points another machine has asks for them side by side", () =>
  Effect.gen(function* () {
    const store = far()
    const points = Array.from({ length: 200 }, (_, at) => ({ modulo: 1_000 + at }))
    const first = machine(store.layer)
    yield* first.sweep(points)
    yield* first.upload
    store.reset()
    Toys.resetCounts()
    const second = machine(store.layer, { writer: null })
    const record = yield* atOneMoment(second.sweep(points))
    expect(record.sweep?.points.every(({ status }) => status === "done")).toBe(true)
    expect(Object.fromEntries(Toys.counts.runs)).toEqual({})
    // each node once, and two listings: of the sums, and of what describes them
    expect([store.count(/^list/), store.count(/^get .*\/traces\//)]).toEqual([2, 402])
    expect(store.most.of).toBeGreaterThanOrEqual(8)
  })
)

it.live("chunks are looked for many at a time, and those that nobody has cost no request each", () =>
  Effect.gen(function* () {
    const store = far()
    Toys.lists.set(
      "a",
      Array.from({ length: 90_000 }, (_, at) => at)
    )
    const at = machine(store.layer, { writer: null })
    const record = yield* atOneMoment(at.run())
    const chunks = record.nodes.find(({ stage }) => stage === "double")?.chunks
    // some together, and a few that are left
    expect(chunks?.ran).toBeGreaterThan(64)
    expect(chunks?.ran).toBeLessThan(64 + 16)
    expect([store.count(/^list .*\/chunks\//), store.count(/^get .*\/chunks\//)]).toEqual([1, 0])
  })
)

it.live("a chunk that a table has twice is computed once", () =>
  Effect.gen(function* () {
    const once = Array.from({ length: 60_000 }, (_, at) => at)
    Toys.lists.set("a", [...once, ...once])
    const store = far()
    const at = machine(store.layer, { writer: null })
    const record = yield* at.run()
    const chunks = record.nodes.find(({ stage }) => stage === "double")?.chunks
    expect(chunks?.reused).toBeGreaterThan(chunks?.ran === undefined ? 0 : chunks.ran / 2)
  })
)
