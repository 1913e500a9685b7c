import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, TestClock } from "effect"
import * as Lease from "../../cache/Lease.ts"
import * as LeaseHolder from "../../cache/lease-holder.ts"
import { ObjectStore } from "../../cache/ObjectStore.ts"
import { layerDisk as objectsAt } from "../../cache/object-store-disk.ts"
import * as Trace from "../../cache/Trace.ts"
import * as Using from "../../cache/Using.ts"
import { folder } from "../rig/folder.ts"
import { traceOf } from "../rig/store-contract.ts"

const HOUR = 3_600_000
const { here } = LeaseHolder
/** As a process that ended sees itself: of this host, with a start that no process of it has. */
const gone: LeaseHolder.System = { ...here, self: () => ({ ...here.self(), start: "0" }) }
const elsewhere: LeaseHolder.System = { ...here, self: () => ({ ...here.self(), host: "elsewhere" }) }

const [one, other] = [traceOf("s", 1), traceOf("s", 2)]
const stores = (home: string) =>
  Layer.provideMerge(
    Layer.mergeAll(
      Layer.provide(Using.traces, Trace.layerMemory(new Map([one, other].map((trace) => [trace.key, trace])))),
      Layer.provide(Using.leases, Lease.layerMemory)
    ),
    Using.layer(home, "b1")
  )

it.scoped("what a process finds is in use until it ends, and what it compares with is not", () =>
  Effect.gen(function* () {
    const home = folder()
    yield* Effect.gen(function* () {
      const traces = yield* Trace.TraceStore
      yield* traces.ofStage("s")
      expect(Using.read(home, Date.now()).since).toBe(Number.POSITIVE_INFINITY)
      yield* traces.get("s", one.key)
      yield* traces.getMany("s", [one.key, "0".repeat(64) as typeof one.key])
      const used = Using.read(home, Date.now())
      expect([used.keys.has(one.key), used.keys.has(other.key), used.keys.has("0".repeat(64))]).toEqual([
        true,
        false,
        false
      ])
      expect(used.builds).toEqual(new Set(["b1"]))
      expect(used.left).toEqual([])
    }).pipe(Effect.provide(stores(home)))
    expect(Using.read(home, Date.now())).toMatchObject({ since: Number.POSITIVE_INFINITY, keys: new Set(), left: [] })
  })
)

it.scoped("whoever asks for a lease uses the store from before that", () =>
  Effect.gen(function* () {
    const home = folder()
    const leases = yield* Lease.Leases.pipe(Effect.provide(yield* Layer.build(stores(home))))
    yield* leases.tryAcquire(one.key)
    const marker = path.join(home, "marker")
    fs.writeFileSync(marker, "")
    expect(Using.read(home, Date.now()).since).toBeLessThanOrEqual(fs.statSync(marker).mtimeMs)
  })
)

it.scoped(
  "a process that has found nothing yet is heard of every minute all the same: its first node may take hours",
  () =>
    Effect.gen(function* () {
      const home = folder()
      const { begin } = yield* Using.Using.pipe(Effect.provide(yield* Layer.build(Using.layer(home))))
      yield* begin
      const [mark = ""] = fs.readdirSync(path.join(home, "using"))
      const keys = path.join(home, "using", mark, "keys")
      fs.utimesSync(keys, 1, 1)
      yield* TestClock.adjust("1 minute")
      expect(fs.statSync(keys).mtimeMs).toBeGreaterThan(1000)
    })
)

it.scoped(
  "of a process that goes on, work uses what it finds and what is written from its begin to its end, and no longer",
  () =>
    Effect.gen(function* () {
      const home = folder()
      const used = () => Using.read(home, Date.now())
      const { begin, declare, during } = yield* Using.Using.pipe(Effect.provide(yield* Layer.build(stores(home))))
      yield* begin
      const [first] = fs.readdirSync(path.join(home, "using"))
      const holder = path.join(home, "using", first ?? "", "holder")
      // as if it had begun long before
      fs.utimesSync(holder, 1, 1)
      expect(used().since).toBe(1000)
      let written = Number.POSITIVE_INFINITY
      yield* during(
        Effect.gen(function* () {
          yield* declare([one.key])
          expect(used().keys.has(one.key)).toBe(true)
          expect(used().builds).toEqual(new Set(["b1"]))
          const since = used().since
          expect(since).toBeGreaterThan(1000)
          yield* during(declare([other.key]))
          // to the digits that a time stamp can be given
          expect(since - used().since).toBeGreaterThanOrEqual(0)
          expect(since - used().since).toBeLessThan(1)
          const file = path.join(home, "written")
          fs.writeFileSync(file, "")
          written = fs.statSync(file).mtimeMs
          // which work has found it is not known: the one that goes on counts
          expect(used().keys.has(other.key)).toBe(true)
        })
      )
      yield* declare([one.key])
      expect([used().keys.has(one.key), used().keys.has(other.key)]).toEqual([false, false])
      expect(used().since).toBeGreaterThanOrEqual(written)
      expect(fs.readdirSync(path.join(home, "using"))).toEqual([first])
    })
)

const marked = (home: string, system: LeaseHolder.System) =>
  Effect.flatMap(Layer.build(Using.layer(home, null, system)), (context) =>
    Effect.provide(
      Effect.flatMap(Using.Using, ({ declare }) => declare([one.key])),
      context
    )
  )

it.scoped(
  "a process that is gone uses nothing; one that cannot be asked for counts until it was silent for an hour",
  () =>
    Effect.gen(function* () {
      const home = folder()
      yield* marked(home, gone)
      expect(Using.read(home, Date.now())).toMatchObject({ keys: new Set(), left: [expect.stringContaining("using")] })

      const shared = folder()
      yield* marked(shared, elsewhere)
      expect(Using.read(shared, Date.now()).keys.has(one.key)).toBe(true)
      expect(Using.read(shared, Date.now() + 2 * HOUR).keys.has(one.key)).toBe(false)

      const own = folder()
      yield* marked(own, here)
      expect(Using.read(own, Date.now() + 48 * HOUR).keys.has(one.key)).toBe(here.isHere(here.self()))
    })
)

it.scoped(
  "work is in use from its own begin on, whatever ended beside it, and also where its mark was removed before",
  () =>
    Effect.gen(function* () {
      const home = folder()
      const used = () => Using.read(home, Date.now())
      const { declare, during } = yield* Using.Using.pipe(Effect.provide(yield* Layer.build(stores(home))))
      yield* during(Effect.void)
      fs.rmSync(path.join(home, "using"), { recursive: true })
      let since = 0
      yield* during(
        Effect.gen(function* () {
          const [mark = ""] = fs.readdirSync(path.join(home, "using"))
          // as if it had begun long before
          fs.utimesSync(path.join(home, "using", mark, "holder"), 1, 1)
          const longer = yield* Deferred.make<void>()
          const began = yield* Deferred.make<void>()
          const other = yield* Effect.fork(
            during(
              Effect.gen(function* () {
                yield* declare([one.key])
                since = Date.now()
                yield* Deferred.succeed(began, undefined)
                yield* Deferred.await(longer)
              })
            )
          )
          yield* Deferred.await(began)
          expect(used().since).toBe(1000)
          expect(used().keys.has(one.key)).toBe(true)
          yield* Deferred.succeed(longer, undefined)
          yield* Fiber.join(other)
        })
      )
      expect(used().since).toBeGreaterThan(since - 1000)
      expect(used().keys.has(one.key)).toBe(false)
    })
)

it("a mark that nobody can read counts as that of a process that begins, for an hour", () => {
  const home = folder()
  const mark = path.join(home, "using", "0123456789abcdef")
  fs.mkdirSync(mark, { recursive: true })
  fs.writeFileSync(path.join(mark, "holder"), "{")
  expect(Using.read(home, Date.now()).since).toBe(fs.statSync(path.join(mark, "holder")).mtimeMs)
  expect(Using.read(home, Date.now() + 2 * HOUR)).toMatchObject({ since: Number.POSITIVE_INFINITY, left: [mark] })
})

it.effect("a store in which nothing can be written is used all the same", () =>
  Effect.gen(function* () {
    const file = path.join(folder(), "file")
    fs.writeFileSync(file, "")
    const found = Effect.flatMap(Trace.TraceStore, (traces) => traces.get("s", one.key))
    expect(yield* Effect.provide(found, stores(path.join(file, "home")))).toMatchObject({ _tag: "Hit" })
  })
)

it.effect("bytes that are put again are as good as new, though they were there", () =>
  Effect.gen(function* () {
    const home = folder()
    yield* Effect.gen(function* () {
      const { put, locate } = yield* ObjectStore
      const file = locate(yield* put(new Uint8Array([1]))) ?? ""
      fs.utimesSync(file, 1, 1)
      yield* put(new Uint8Array([1]))
      expect(fs.statSync(file).mtimeMs).toBeGreaterThan(1000)
    }).pipe(Effect.provide(objectsAt(home)))
  })
)
