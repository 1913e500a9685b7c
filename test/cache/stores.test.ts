import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import * as Lease from "../../cache/Lease.ts"
import * as LeaseDisk from "../../cache/lease-disk.ts"
import * as ObjectStore from "../../cache/ObjectStore.ts"
import * as ObjectStoreDisk from "../../cache/object-store-disk.ts"
import * as Trace from "../../cache/Trace.ts"
import * as TraceDisk from "../../cache/trace-disk.ts"
import { folder } from "../rig/folder.ts"
import { storeContract, traceOf } from "../rig/store-contract.ts"

const disk = (home: string) =>
  Layer.mergeAll(ObjectStoreDisk.layerDisk(home), TraceDisk.layerDisk(home), LeaseDisk.layerDisk(home))

storeContract("memory", () => Layer.mergeAll(ObjectStore.layerMemory(), Trace.layerMemory(), Lease.layerMemory))
storeContract("disk", () => disk(folder()))

const bytes = new TextEncoder().encode("some bytes that matter")

const withStore = <A, E>(home: string, use: (store: typeof ObjectStore.ObjectStore.Service) => Effect.Effect<A, E>) =>
  Effect.provide(Effect.flatMap(ObjectStore.ObjectStore, use), ObjectStoreDisk.layerDisk(home))

it.effect("bytes that changed on the disk are corrupt, and putting them again mends them", () =>
  Effect.gen(function* () {
    const home = folder()
    const object = yield* withStore(home, (store) => store.put(bytes))
    const file = path.join(home, "objects", object.slice(0, 2), object)
    fs.chmodSync(file, 0o644)
    fs.writeFileSync(file, "same bytes that matter")
    yield* withStore(home, (store) =>
      Effect.gen(function* () {
        expect((yield* Effect.flip(store.get(object)))._tag).toBe("ObjectCorrupt")
        yield* store.put(bytes)
        expect(yield* store.get(object)).toEqual(Buffer.from(bytes))
      })
    )
  })
)

it.effect("bytes that changed since this process wrote them are mended by a put, or discarded", () =>
  Effect.gen(function* () {
    const home = folder()
    const damage = (file: string) => {
      fs.chmodSync(file, 0o644)
      fs.writeFileSync(file, "same bytes that matter")
    }
    yield* withStore(home, (store) =>
      Effect.gen(function* () {
        const object = yield* store.put(bytes)
        const file = store.locate(object) ?? ""
        damage(file)
        yield* store.put(bytes)
        expect(fs.readFileSync(file)).toEqual(Buffer.from(bytes))
        damage(file)
        yield* store.discard(object)
        expect(fs.existsSync(file)).toBe(false)
        expect((yield* Effect.flip(store.get(object)))._tag).toBe("ObjectMissing")
      })
    )
  })
)

it.effect("bytes that changed after this process wrote, read and put them again are corrupt at the next read", () =>
  Effect.gen(function* () {
    yield* withStore(folder(), (store) =>
      Effect.gen(function* () {
        const object = yield* store.put(bytes)
        yield* store.get(object)
        yield* store.put(bytes)
        const file = store.locate(object) ?? ""
        fs.chmodSync(file, 0o644)
        fs.writeFileSync(file, "same bytes that matter")
        expect((yield* Effect.flip(store.get(object)))._tag).toBe("ObjectCorrupt")
      })
    )
  })
)

it.effect("objects are read-only files, and nothing unfinished lies beside them", () =>
  Effect.gen(function* () {
    const home = folder()
    const object = yield* withStore(home, (store) => store.put(bytes))
    const directory = path.join(home, "objects", object.slice(0, 2))
    expect(fs.readdirSync(directory)).toEqual([object])
    expect(fs.statSync(path.join(directory, object)).mode & 0o777).toBe(0o444)
  })
)

it.effect("a damaged, cut or misplaced trace is unreadable, not a hit and not a crash", () =>
  Effect.gen(function* () {
    const home = folder()
    const trace = traceOf("s", 1)
    const file = path.join(home, "traces", "s", `${trace.key}.json`)
    yield* Effect.provide(
      Effect.gen(function* () {
        const traces = yield* Trace.TraceStore
        yield* traces.put(trace)
        const whole = fs.readFileSync(file)
        for (const damaged of [
          whole.subarray(0, whole.length / 2),
          Buffer.from("{}"),
          Buffer.alloc(0),
          Buffer.from(whole.toString().replace('"p"', '"q"'))
        ]) {
          fs.writeFileSync(file, damaged)
          expect((yield* traces.get("s", trace.key))._tag).toBe("Unreadable")
          expect(yield* traces.ofStage("s")).toEqual([])
        }
        const other = traceOf("s", 2)
        fs.writeFileSync(path.join(home, "traces", "s", `${other.key}.json`), whole)
        expect(yield* traces.get("s", other.key)).toMatchObject({
          _tag: "Unreadable",
          what: "it belongs to another key"
        })
      }),
      TraceDisk.layerDisk(home)
    )
  })
)

it.live("the lease of a process that is gone is taken over at once", () =>
  Effect.gen(function* () {
    const home = folder()
    const { key } = traceOf("s", 1)
    const file = path.join(home, "leases", `${key}.json`)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    for (const holder of [
      { token: "t", host: LeaseDisk.HOST, pid: 2 ** 22 + 1, start: "1" },
      { token: "u", host: LeaseDisk.HOST, pid: process.pid, start: "1" }
    ]) {
      fs.writeFileSync(file, JSON.stringify(holder))
      const began = Date.now()
      yield* Effect.provide(
        Effect.scoped(Effect.flatMap(Lease.Leases, (leases) => leases.acquire(key))),
        LeaseDisk.layerDisk(home)
      )
      expect(Date.now() - began).toBeLessThan(2000)
      expect(fs.readdirSync(path.dirname(file))).toEqual([])
    }
  })
)

it.live("the lease of another machine is taken over after ten seconds of silence, and only then", () =>
  Effect.gen(function* () {
    const home = folder()
    const { key } = traceOf("s", 1)
    const file = path.join(home, "leases", `${key}.json`)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    const write = (age: number) => {
      fs.writeFileSync(file, JSON.stringify({ token: "t", host: "elsewhere", pid: 1, start: "1" }))
      fs.utimesSync(file, (Date.now() - age) / 1000, (Date.now() - age) / 1000)
    }
    const take = Effect.provide(
      Effect.scoped(Effect.flatMap(Lease.Leases, (leases) => leases.acquire(key))),
      LeaseDisk.layerDisk(home)
    )
    write(LeaseDisk.SILENCE_MILLIS + 1000)
    yield* take
    write(LeaseDisk.SILENCE_MILLIS - 8000)
    const early = yield* Effect.timeoutOption(take, "300 millis")
    expect(early._tag).toBe("None")
  })
)

it.live("eight processes' worth of contenders for a stale lease never hold it together", () =>
  Effect.gen(function* () {
    const home = folder()
    const { key } = traceOf("s", 1)
    const file = path.join(home, "leases", `${key}.json`)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    let holders = 0
    let most = 0
    const contend = Effect.scoped(
      Effect.gen(function* () {
        yield* Effect.flatMap(Lease.Leases, (leases) => leases.acquire(key))
        holders += 1
        most = Math.max(most, holders)
        yield* Effect.sleep("5 millis")
        holders -= 1
      })
    )
    fs.writeFileSync(file, JSON.stringify({ token: "dead", host: "elsewhere", pid: 1, start: "1" }))
    fs.utimesSync(file, 1, 1)
    // a layer each, as separate processes would have
    yield* Effect.all(
      Array.from({ length: 8 }, () => Effect.provide(contend, LeaseDisk.layerDisk(home))),
      { concurrency: "unbounded" }
    )
    expect(most).toBe(1)
  })
)

/** How many contenders get a lease while a holder keeps it for several times the silence that loses it. */
const takenFromHolder = (pace: LeaseDisk.Pace) =>
  Effect.gen(function* () {
    const home = folder()
    const { key } = traceOf("s", 1)
    // a layer each, as separate processes would have
    const leases = Effect.provide(Lease.Leases, LeaseDisk.layerDisk(home, pace))
    const holder = Effect.scoped(
      Effect.zipRight(
        Effect.flatMap(leases, (all) => all.acquire(key)),
        Effect.sleep(pace.silenceMillis * 4)
      )
    )
    const fiber = yield* Effect.fork(holder)
    yield* Effect.sleep(pace.silenceMillis / 4)
    let taken = 0
    const contend = Effect.scoped(Effect.flatMap(leases, (all) => all.tryAcquire(key))).pipe(
      Effect.map((isHeld) => {
        if (isHeld) taken += 1
      }),
      Effect.delay("20 millis")
    )
    yield* Effect.raceFirst(Fiber.join(fiber), Effect.forever(contend))
    const after = yield* Effect.scoped(Effect.flatMap(leases, (all) => all.tryAcquire(key)))
    return { taken, after }
  })

it.live("a holder that lives longer than the silence that loses a lease keeps it, and lets it go at its end", () =>
  Effect.gen(function* () {
    const kept = yield* takenFromHolder({ silenceMillis: 1000, renewalMillis: 100 })
    expect(kept).toEqual({ taken: 0, after: true })
  })
)

it.live("the twin that does not renew its lease loses it to a contender", () =>
  Effect.gen(function* () {
    const lost = yield* takenFromHolder({ silenceMillis: 200, renewalMillis: 3_600_000 })
    expect(lost.taken).toBeGreaterThan(0)
  })
)
