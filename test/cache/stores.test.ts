import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Option, Scope, TestClock } from "effect"
import { vi } from "vitest"
import * as Lease from "../../cache/Lease.ts"
import * as LeaseDisk from "../../cache/lease-disk.ts"
import * as LeaseHolder from "../../cache/lease-holder.ts"
import * as ObjectStore from "../../cache/ObjectStore.ts"
import * as ObjectStoreDisk from "../../cache/object-store-disk.ts"
import * as Seal from "../../cache/Seal.ts"
import * as Trace from "../../cache/Trace.ts"
import * as TraceDisk from "../../cache/trace-disk.ts"
import { folder } from "../rig/folder.ts"
import { storeContract, traceOf } from "../rig/store-contract.ts"
import { deepJson, strangers } from "../rig/strangers.ts"

/** What a test does before the next removal of a file, as another process might. */
const removals: { before: (() => Promise<void>) | null } = vi.hoisted(() => ({ before: null }))
/** The most bytes that were asked for in one read of an open file, and how many files were opened to be read at once. */
const reads = vi.hoisted(() => ({ largest: 0, atOnce: 0 }))
vi.mock("node:fs", async (original) => {
  const actual = await original<typeof import("node:fs")>()
  const openSync: typeof actual.openSync = (...args) => {
    reads.atOnce += 1
    return actual.openSync(...args)
  }
  return { ...actual, openSync }
})
/** How many renewals of a lease the disk refuses. */
const renewals = vi.hoisted(() => ({ refused: 0 }))
vi.mock("node:fs/promises", async (original) => {
  const actual = await original<typeof import("node:fs/promises")>()
  const first =
    <A extends ReadonlyArray<unknown>, B>(remove: (...args: A) => Promise<B>) =>
    async (...args: A) => {
      const before = removals.before
      removals.before = null
      await before?.()
      return remove(...args)
    }
  const open: typeof actual.open = async (...args) => {
    const handle = await actual.open(...args)
    const read = handle.read.bind(handle) as (buffer: Uint8Array, offset: number, length: number) => unknown
    const watched = (buffer: Uint8Array, offset: number, length: number, ...rest: []) => {
      reads.largest = Math.max(reads.largest, length)
      return read(buffer, offset, length, ...rest)
    }
    return Object.assign(handle, { read: watched })
  }
  const readFile = async (file: string) => {
    const read = await actual.readFile(file)
    reads.largest = Math.max(reads.largest, read.length)
    return read
  }
  const utimes: typeof actual.utimes = async (...args) => {
    renewals.refused -= 1
    if (renewals.refused >= 0) throw Object.assign(new Error(), { code: "EIO" })
    return actual.utimes(...args)
  }
  return { ...actual, rm: first(actual.rm), unlink: first(actual.unlink), utimes, open, readFile }
})

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
        const corrupt = yield* Effect.flip(store.get(object))
        expect(corrupt._tag).toBe("ObjectCorrupt")
        expect(yield* Effect.flip(store.check(object))).toEqual(corrupt)
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

it.effect(
  "a put takes no room for a second copy of the bytes: what lies on the disk is looked at in pieces of 1 MB",
  () =>
    withStore(folder(), (store) =>
      Effect.gen(function* () {
        const large = new Uint8Array((4 << 20) + 1).fill(7)
        reads.largest = 0
        const object = yield* store.put(large)
        yield* store.put(large)
        yield* store.check(object)
        expect(reads.largest).toBe(1 << 20)
        expect(Buffer.compare(yield* store.get(object), large)).toBe(0)
        expect(reads.largest).toBeGreaterThan(large.length)
      })
    )
)

it.effect("bytes that nobody could read again are refused by their number, and nothing is written", () => {
  const home = folder()
  return withStore(home, (store) =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(store.put(new Uint8Array(2 ** 31)))
      expect(refused.message).toContain(
        "An output of 2147483648 bytes in one object cannot be kept; expected at most 2147483646. "
      )
      expect(fs.readdirSync(home)).toEqual([])
    })
  )
})

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

it.live("while the traces of a stage are read, timers get their turn", () => {
  const home = folder()
  return Effect.gen(function* () {
    const traces = yield* Trace.TraceStore
    fs.mkdirSync(path.join(home, "traces", "s"), { recursive: true })
    const all = Array.from({ length: 600 }, (_, n) => traceOf("s", n))
    for (const trace of all)
      fs.writeFileSync(path.join(home, "traces", "s", `${trace.key}.json`), Seal.bytesOf(JSON.stringify(trace)))
    const seen = new Set<number>()
    reads.atOnce = 0
    const look = () => {
      seen.add(reads.atOnce)
      next = setImmediate(look)
    }
    let next = setImmediate(look)
    expect((yield* traces.ofStage("s")).length).toBe(all.length)
    clearImmediate(next)
    expect([...seen].filter((read) => read > 0 && read < all.length).length).toBeGreaterThan(0)
  }).pipe(Effect.provide(TraceDisk.layerDisk(home)))
})

for (const [what, lay] of Object.entries(strangers)) {
  it.effect(`${what} in the place of an object is corrupt, and a put or a discard mends it`, () =>
    withStore(folder(), (store) =>
      Effect.gen(function* () {
        const object = yield* store.put(bytes)
        const file = store.locate(object) ?? ""
        lay(file)
        const corrupt = yield* Effect.flip(store.get(object))
        expect(corrupt).toMatchObject({
          _tag: "ObjectCorrupt",
          message: expect.stringMatching(/ is corrupt: its file (is|has) .*; expected .*\. Run again/)
        })
        expect(yield* Effect.flip(store.check(object))).toEqual(corrupt)
        expect(yield* store.has(object, bytes.length)).toBe(false)
        yield* store.put(bytes)
        expect(yield* store.get(object)).toEqual(Buffer.from(bytes))
        lay(file)
        yield* store.discard(object)
        expect(fs.readdirSync(path.dirname(file))).toEqual([])
      })
    )
  )

  it.effect(`${what} in the place of a trace is unreadable by name, and a put mends it`, () => {
    const home = folder()
    return Effect.provide(
      Effect.gen(function* () {
        const traces = yield* Trace.TraceStore
        const trace = traceOf("s", 1)
        const [part] = trace.outputs.out?.parts ?? []
        if (part === undefined) return expect.fail("no part")
        const chunk = { key: trace.key, stage: "s", header: { shapes: {}, metadata: {} }, part }
        lay(path.join(home, "traces", "s", `${trace.key}.json`))
        lay(path.join(home, "traces", "s", "chunks", `${trace.key}.json`))
        const unreadable = { _tag: "Unreadable", what: expect.stringMatching(/^its file (is|has) /) }
        expect(yield* traces.get("s", trace.key)).toMatchObject(unreadable)
        expect(yield* traces.getChunk("s", trace.key)).toMatchObject(unreadable)
        expect(yield* traces.ofStage("s")).toEqual([])
        yield* traces.put(trace)
        yield* traces.putChunk(chunk)
        expect(yield* traces.get("s", trace.key)).toEqual({ _tag: "Hit", trace })
        expect(yield* traces.getChunk("s", trace.key)).toEqual({ _tag: "Hit", trace: chunk })
      }),
      TraceDisk.layerDisk(home)
    )
  })
}

it.effect("a trace that nests too deep is unreadable by name, whole and sealed as it is", () => {
  const home = folder()
  return Effect.provide(
    Effect.gen(function* () {
      const traces = yield* Trace.TraceStore
      const { key } = traceOf("s", 1)
      for (const at of [["s"], ["s", "chunks"]]) {
        const file = path.join(home, "traces", ...at, `${key}.json`)
        fs.mkdirSync(path.dirname(file), { recursive: true })
        fs.writeFileSync(file, Seal.bytesOf(`{"key":"${key}","text":${deepJson()}}`))
      }
      for (const found of [yield* traces.get("s", key), yield* traces.getChunk("s", key)])
        expect(found).toMatchObject({ _tag: "Unreadable", what: expect.stringContaining("nests 100001 deep") })
    }),
    TraceDisk.layerDisk(home)
  )
})

it.live("the lease of a process that is gone is taken over at once, without any silence", () =>
  Effect.gen(function* () {
    const home = folder()
    const { key } = traceOf("s", 1)
    const file = path.join(home, "leases", key, "t.json")
    for (const holder of [
      { host: LeaseHolder.here.host, pid: 2 ** 22 + 1, start: "1" },
      { host: LeaseHolder.here.host, pid: process.pid, start: "1" }
    ]) {
      fs.mkdirSync(path.dirname(file), { recursive: true })
      fs.writeFileSync(file, LeaseHolder.written(holder))
      yield* Effect.provide(
        Effect.scoped(Effect.flatMap(Lease.Leases, (leases) => leases.acquire(key))),
        LeaseDisk.layerDisk(home, { silenceMillis: 1e9, renewalMillis: 2000 })
      )
      expect(fs.readdirSync(path.join(home, "leases"))).toEqual([])
    }
  })
)

/** A lease put there by hand, and tries to get it on a clock that the test turns. */
const putByHand = () => {
  const home = folder()
  const { key } = traceOf("s", 1)
  const place = path.join(home, "leases", key)
  const file = path.join(place, "t.json")
  fs.mkdirSync(place, { recursive: true })
  /** Whether a waiter that looks twice a second gets it within so many seconds of its own clock. */
  const isGotWithin = (seconds: number, each: () => void = () => undefined, system = LeaseHolder.here) =>
    Effect.gen(function* () {
      const leases = yield* Lease.Leases
      for (let look = 0; look <= 2 * seconds; look++) {
        if (yield* Effect.scoped(leases.tryAcquire(key))) return true
        each()
        yield* TestClock.adjust("500 millis")
      }
      return false
    }).pipe(Effect.provide(LeaseDisk.layerDisk(home, undefined, system)))
  return { home, key, place, file, isGotWithin }
}
const elsewhere = LeaseHolder.written({ host: "elsewhere", pid: 1, start: "1" })
const SECOND = 1000

for (const [clock, ahead] of [
  ["right", 0],
  ["30 seconds behind", -30],
  ["a day behind", -86_400],
  ["a day ahead", 86_400],
  ["of 1970", -Date.now() / SECOND]
] as const) {
  const stamp = (file: string) => fs.utimesSync(file, Date.now() / SECOND + ahead, Date.now() / SECOND + ahead)

  it.effect(
    `the lease of another host whose clock is ${clock} is nobody's after ten seconds of silence, not before`,
    () =>
      Effect.gen(function* () {
        const { home, file, isGotWithin } = putByHand()
        fs.writeFileSync(file, elsewhere)
        stamp(file)
        expect(yield* isGotWithin(9)).toBe(false)
        expect(yield* isGotWithin(12)).toBe(true)
        expect(fs.readdirSync(path.join(home, "leases"))).toEqual([])
      })
  )

  it.effect(`a living owner whose clock is ${clock} keeps its lease as long as it renews it`, () =>
    Effect.gen(function* () {
      const { file, isGotWithin } = putByHand()
      fs.writeFileSync(file, elsewhere)
      let looks = 0
      const renew = () => {
        looks += 1
        if (looks % 8 === 0) stamp(file)
      }
      expect(yield* isGotWithin(60, renew)).toBe(false)
      expect(fs.readFileSync(file, "utf8")).toBe(elsewhere)
    })
  )
}

it.effect(
  "the lease of another boot of this host is nobody's after ten seconds, not before: its pid means nothing now",
  () =>
    Effect.gen(function* () {
      const { host } = LeaseHolder.here
      const another = host.replace(/ \S* /, " another-boot ")
      expect(another).not.toBe(host)
      for (const pid of [process.pid, 2 ** 22 + 1]) {
        const { file, isGotWithin } = putByHand()
        fs.writeFileSync(file, LeaseHolder.written({ ...LeaseHolder.here.self(), host: another, pid }))
        expect(yield* isGotWithin(9)).toBe(false)
        expect(yield* isGotWithin(12)).toBe(true)
      }
    })
)

it.effect("what a stage printed is shown as it was printed, or said to be damaged", () => {
  const home = folder()
  const { key } = traceOf("s", 1)
  return Effect.gen(function* () {
    const traces = yield* Trace.TraceStore
    yield* traces.putPrinted("s", key, "loss 0.1\n")
    expect(yield* traces.printed("s", key)).toBe("loss 0.1\n")
    const file = path.join(home, "traces", "s", "printed", `${key}.txt`)
    fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace("0.1", "0.9"))
    expect(yield* traces.printed("s", key)).toBe("[what the stage printed cannot be shown: its bytes were damaged]\n")
  }).pipe(Effect.provide(TraceDisk.layerDisk(home)))
})

it("no flipped bit of a lease has its holder taken for one that is gone", () => {
  const { file } = putByHand()
  const whole = Buffer.from(LeaseHolder.written(LeaseHolder.here.self()))
  fs.writeFileSync(file, whole)
  expect(LeaseHolder.readFrom(file)).toEqual(LeaseHolder.here.self())
  for (let bit = 0; bit < 8 * whole.length; bit++) {
    const bytes = Buffer.from(whole)
    bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    fs.writeFileSync(file, bytes)
    expect(LeaseHolder.readFrom(file)).toBeNull()
  }
})

it.effect("where the system does not tell its boots apart, a process that seems gone is waited for as any other", () =>
  Effect.gen(function* () {
    const { home, file, isGotWithin } = putByHand()
    const untold = LeaseHolder.systemAt(folder())
    expect(untold.self()).toMatchObject({ pid: process.pid, start: "" })
    fs.writeFileSync(file, LeaseHolder.written({ ...untold.self(), pid: 2 ** 22 + 1 }))
    expect(yield* isGotWithin(9, undefined, untold)).toBe(false)
    expect(yield* isGotWithin(12, undefined, untold)).toBe(true)
    expect(fs.readdirSync(path.join(home, "leases"))).toEqual([])
  })
)

const unreadable: Readonly<Record<string, (file: string) => void>> = {
  empty: (file) => fs.writeFileSync(file, ""),
  cut: (file) => fs.writeFileSync(file, elsewhere.slice(0, 80)),
  "of a pid that is none": (file) =>
    fs.writeFileSync(file, LeaseHolder.written({ host: LeaseHolder.here.host, pid: -1, start: "1" })),
  "a file of 100 MB": (file) => {
    fs.writeFileSync(file, "")
    fs.truncateSync(file, 1e8)
  },
  "a FIFO": (file) => void execFileSync("mkfifo", [file]),
  "a folder": (file) => {
    fs.mkdirSync(file)
    fs.writeFileSync(path.join(file, "x"), "")
  },
  "a link to nowhere": (file) => fs.symlinkSync("/nowhere", file),
  "a link to itself": (file) => fs.symlinkSync(file, file)
}
for (const [what, put] of Object.entries(unreadable))
  for (const at of ["place", "file"] as const)
    it.effect(
      `what lies in a lease's ${at === "place" ? "place" : "folder"} is ${what}: nobody's after ten seconds`,
      () =>
        Effect.gen(function* () {
          const { home, isGotWithin, ...paths } = putByHand()
          if (at === "place") fs.rmdirSync(paths.place)
          put(paths[at])
          expect(yield* isGotWithin(9)).toBe(false)
          expect(yield* isGotWithin(12)).toBe(true)
          expect(fs.readdirSync(path.join(home, "leases"))).toEqual([])
        })
    )

it.effect("a folder with two leases in it, which no version makes, is nobody's after ten seconds", () =>
  Effect.gen(function* () {
    const { home, place, file, isGotWithin } = putByHand()
    fs.writeFileSync(file, elsewhere)
    fs.writeFileSync(path.join(place, "u.json"), elsewhere)
    expect(yield* isGotWithin(9)).toBe(false)
    expect(yield* isGotWithin(12)).toBe(true)
    expect(fs.readdirSync(path.join(home, "leases"))).toEqual([])
  })
)

it.effect("an empty folder keeps nobody from a lease: its holder let it go and could not remove it", () =>
  Effect.gen(function* () {
    const { home, isGotWithin } = putByHand()
    expect(yield* isGotWithin(0)).toBe(true)
    expect(fs.readdirSync(path.join(home, "leases"))).toEqual([])
  })
)

it.effect("a waiter that was suspended itself does not count that time as the holder's silence", () =>
  Effect.gen(function* () {
    const { home, key, file } = putByHand()
    fs.writeFileSync(file, elsewhere)
    const take = Effect.flatMap(Lease.Leases, (leases) => Effect.scoped(leases.tryAcquire(key)))
    yield* Effect.gen(function* () {
      expect(yield* take).toBeNull()
      yield* TestClock.adjust("1 hour")
      expect(yield* take).toBeNull()
      expect(yield* take).toBeNull()
      expect(fs.existsSync(file)).toBe(true)
    }).pipe(Effect.provide(LeaseDisk.layerDisk(home)))
  })
)

it.effect("a lease that was let go and taken in the moment in which a waiter removes it stays its taker's", () =>
  Effect.gen(function* () {
    const { home, key, place, file } = putByHand()
    fs.writeFileSync(file, LeaseHolder.written({ host: LeaseHolder.here.host, pid: process.pid, start: "1" }))
    const leases = () => Effect.provide(Lease.Leases, LeaseDisk.layerDisk(home))
    const taker = yield* leases()
    const waiter = yield* leases()
    const closes = yield* Scope.make()
    let taken: Lease.Held | null = null
    removals.before = async () => {
      // as the silent holder does, which has woken
      fs.rmSync(file)
      taken = await Effect.runPromise(Scope.extend(taker.tryAcquire(key), closes))
    }
    expect(yield* Effect.scoped(waiter.tryAcquire(key))).toBeNull()
    expect(taken).not.toBeNull()
    const [held] = fs.readdirSync(place)
    expect(yield* Effect.scoped(waiter.tryAcquire(key))).toBeNull()
    expect(fs.readdirSync(place)).toEqual([held])
    yield* Scope.close(closes, Exit.void)
    expect(yield* Effect.scoped(waiter.tryAcquire(key))).not.toBeNull()
    expect(fs.readdirSync(path.join(home, "leases"))).toEqual([])
  })
)

it.live("eight layers' worth of contenders for a stale lease never hold it together", () =>
  Effect.gen(function* () {
    const home = folder()
    const { key } = traceOf("s", 1)
    const file = path.join(home, "leases", key, "dead.json")
    fs.mkdirSync(path.dirname(file), { recursive: true })
    let holders = 0
    let most = 0
    let held = 0
    const contend = Effect.scoped(
      Effect.gen(function* () {
        yield* Effect.flatMap(Lease.Leases, (leases) => leases.acquire(key))
        holders += 1
        held += 1
        most = Math.max(most, holders)
        yield* Effect.sleep("5 millis")
        holders -= 1
      })
    )
    fs.writeFileSync(file, elsewhere)
    // a layer each, as separate processes would have
    yield* Effect.all(
      Array.from({ length: 8 }, () =>
        Effect.provide(contend, LeaseDisk.layerDisk(home, { silenceMillis: 500, renewalMillis: 100 }))
      ),
      { concurrency: "unbounded" }
    )
    expect([most, held]).toEqual([1, 8])
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
      Effect.map((held) => {
        if (held !== null) taken += 1
      }),
      Effect.delay("20 millis")
    )
    yield* Effect.raceFirst(Fiber.join(fiber), Effect.forever(contend))
    const after = yield* Effect.scoped(Effect.flatMap(leases, (all) => all.tryAcquire(key)))
    return { taken, isFreeAfter: after !== null }
  })

it.live("a holder that lives longer than the silence that loses a lease keeps it, and lets it go at its end", () =>
  Effect.gen(function* () {
    const kept = yield* takenFromHolder({ silenceMillis: 1000, renewalMillis: 100 })
    expect(kept).toEqual({ taken: 0, isFreeAfter: true })
  })
)

it.live("the twin that does not renew its lease loses it to a contender", () =>
  Effect.gen(function* () {
    const lost = yield* takenFromHolder({ silenceMillis: 200, renewalMillis: 3_600_000 })
    expect(lost.taken).toBeGreaterThan(0)
  })
)

/** A lease that is held and often renewed, the file that says so, and how it is let go. */
const heldHere = Effect.gen(function* () {
  const { home, key, place } = putByHand()
  const leases = yield* Effect.provide(
    Lease.Leases,
    LeaseDisk.layerDisk(home, { silenceMillis: 1e9, renewalMillis: 10 })
  )
  const scope = yield* Scope.make()
  const held = yield* Scope.extend(leases.tryAcquire(key), scope)
  if (held === null) return expect.fail("the lease is not held")
  const [name = ""] = fs.readdirSync(place)
  return { ...held, place, file: path.join(place, name), release: Scope.close(scope, Exit.void) }
})

it.live("a holder whose lease was taken over is told, and leaves its successor's alone", () =>
  Effect.gen(function* () {
    const { lost, place, file, release } = yield* heldHere
    fs.rmSync(file)
    fs.writeFileSync(path.join(place, "u.json"), elsewhere)
    yield* lost
    yield* release
    expect(fs.readdirSync(place)).toEqual(["u.json"])
  })
)

it.live("a renewal that fails for another reason loses nothing, and the next is tried", () =>
  Effect.gen(function* () {
    renewals.refused = 3
    const { lost, file, release } = yield* heldHere
    const told = yield* Effect.fork(lost)
    const { mtimeMs } = fs.statSync(file)
    yield* Effect.repeat(Effect.sleep("10 millis"), { until: () => fs.statSync(file).mtimeMs !== mtimeMs })
    expect(renewals.refused).toBeLessThan(0)
    expect(yield* Fiber.poll(told)).toEqual(Option.none())
    yield* release
  })
)
