import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import * as Lease from "../../cache/Lease.ts"
import * as LeaseDisk from "../../cache/lease-disk.ts"
import * as LeaseHolder from "../../cache/lease-holder.ts"
import { tidy, tidyAfter } from "../../cache/tidy.ts"
import * as Unfinished from "../../cache/unfinished.ts"
import { folder } from "../rig/folder.ts"
import { traceOf } from "../rig/store-contract.ts"

const HOUR = 3_600_000
const write = (home: string, name: string) => {
  const file = path.join(home, name)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, LeaseHolder.written({ host: "elsewhere", pid: 1, start: "1" }))
  return file
}
/** The file system's clock so many hours after what the test wrote. */
const after = (hours: number) => async () => Date.now() + hours * HOUR

/** Runs as somebody whom a folder's permissions bind: they do not bind root. */
const asNobody = <A, E>(use: Effect.Effect<A, E>): Effect.Effect<A, E> => {
  if (process.getuid?.() !== 0) return use
  return Effect.acquireUseRelease(
    Effect.sync(() => process.seteuid?.(65534)),
    () => use,
    () => Effect.sync(() => process.seteuid?.(0))
  )
}

it.live("what killed processes left is removed after a day: unfinished files, leases that nobody asked for", () =>
  Effect.gen(function* () {
    const home = folder()
    const { key } = traceOf("s", 1)
    const left = [
      write(home, "objects/ab/.tmp-1-aa"),
      write(home, "uploads/.tmp-1-aa"),
      write(home, `leases/${key}/aa.json`),
      write(home, `leases/${key}.new-0a/0a.json`),
      // as another version laid it
      write(home, `leases/${key}.json`),
      write(home, "traces/s/chunks/.tmp-1-bb")
    ]
    const kept = [
      write(home, "objects/ab/abcd"),
      write(home, `traces/s/${key}.json`),
      write(home, "runs/20260101-000000-aaaaaa.json")
    ]
    yield* tidy(home, after(23))
    expect([...left, ...kept].filter((file) => !fs.existsSync(file))).toEqual([])
    yield* tidy(home, after(25))
    expect(left.filter((file) => fs.existsSync(file))).toEqual([])
    expect(kept.filter((file) => !fs.existsSync(file))).toEqual([])
    expect(fs.readdirSync(path.join(home, "leases"))).toEqual([])
    yield* tidy(path.join(home, "nowhere"))
  })
)

/** A name that a process of this machine would write under, had it this pid and start. */
const nameOf = (holder: Partial<LeaseHolder.Holder>, system: LeaseHolder.System = LeaseHolder.here) =>
  `.tmp-${Unfinished.mark({ ...system, self: () => ({ ...system.self(), ...holder }) })}`
/** Linux gives no pid above it. */
const NOBODY = 2 ** 22 + 1
const PLACES = [
  ".",
  "objects/ab",
  "traces/s",
  "traces/s/chunks",
  "traces/s/printed",
  "runs",
  "sweeps",
  "uploads",
  "sources",
  "sources/files/abcd",
  "downloads",
  "downloads/cats"
]

it.live("what a process of this machine left that is no more is removed at once, wherever something is written", () =>
  Effect.gen(function* () {
    const home = folder()
    const gone = PLACES.flatMap((place) => [
      write(home, path.join(place, nameOf({ pid: NOBODY }))),
      // its pid was given to another process since, to this one
      write(home, path.join(place, nameOf({ start: "1" })))
    ])
    const folderOfFiles = path.dirname(write(home, `sources/files/abcd/${nameOf({ pid: NOBODY })}/images/1.png`))
    const elsewhere = { ...LeaseHolder.here, host: `${LeaseHolder.here.host}, another boot` }
    const kept = PLACES.flatMap((place) => [
      write(home, path.join(place, nameOf({}))),
      write(home, path.join(place, nameOf({ pid: NOBODY }, elsewhere))),
      // as earlier versions named them
      write(home, path.join(place, `.tmp-${NOBODY}-0123456789ab`))
    ])
    const named = write(home, "sources/files/abcd/images/.tmp-of-somebody.png")
    yield* tidy(home)
    expect([...gone, folderOfFiles].filter((file) => fs.existsSync(file))).toEqual([])
    expect([...kept, named].filter((file) => !fs.existsSync(file))).toEqual([])
    yield* tidy(home, after(25))
    expect(kept.filter((file) => fs.existsSync(file))).toEqual([])
    expect(fs.existsSync(named)).toBe(true)
  })
)

it.live("results are looked through by whoever made some, and where a process is gone without having said so", () =>
  Effect.gen(function* () {
    const home = folder()
    const unfinished = () => [
      write(home, `objects/ab/${nameOf({ pid: NOBODY })}`),
      write(home, `traces/s/chunks/${nameOf({ pid: NOBODY })}`)
    ]
    const isThere = (file: string) => fs.existsSync(file)
    const mark = (name: string, holder: Partial<LeaseHolder.Holder>) => {
      const file = path.join(home, "using", name, "holder")
      fs.mkdirSync(path.dirname(file), { recursive: true })
      fs.writeFileSync(file, LeaseHolder.written({ ...LeaseHolder.here.self(), ...holder }))
    }
    mark("here", {})
    mark("elsewhere", { host: "elsewhere" })
    const files = unfinished()
    yield* tidyAfter(home, false)
    expect(files.filter(isThere)).toEqual(files)
    mark("gone", { pid: NOBODY })
    yield* tidyAfter(home, false)
    expect(files.filter(isThere)).toEqual([])
    expect(fs.readdirSync(path.join(home, "using")).sort()).toEqual(["elsewhere", "here"])
    // of another host nothing was heard for a day
    const later = unfinished()
    yield* tidyAfter(home, false, after(25))
    expect(later.filter(isThere)).toEqual([])
    expect(fs.readdirSync(path.join(home, "using"))).toEqual(["here"])
  })
)

it.live("where the system does not tell its boots apart, nothing is taken for that of a killed process", () =>
  Effect.gen(function* () {
    const home = folder()
    const untold = LeaseHolder.systemAt(folder())
    const file = write(home, `objects/ab/${nameOf({ pid: NOBODY }, untold)}`)
    yield* tidy(home, after(0), untold)
    expect(fs.existsSync(file)).toBe(true)
  })
)

it.live(
  "a lease whose holder's clock is days behind or ahead is not taken for an old one, nor kept for a new one",
  () =>
    Effect.gen(function* () {
      for (const hours of [-48, 48]) {
        const home = folder()
        const lease = write(home, `leases/${traceOf("s", 1).key}/t.json`)
        const seconds = (Date.now() + hours * HOUR) / 1000
        fs.utimesSync(lease, seconds, seconds)
        yield* tidy(home)
        expect(fs.existsSync(lease)).toBe(true)
        yield* tidy(home, after(25))
        expect(fs.existsSync(lease)).toBe(false)
        expect(fs.readdirSync(home)).toEqual(["leases"])
      }
    })
)

it.live("a lease of this host whose process is gone is removed at once", () =>
  Effect.gen(function* () {
    const home = folder()
    const lease = write(home, `leases/${traceOf("s", 1).key}/t.json`)
    fs.writeFileSync(lease, LeaseHolder.written({ host: LeaseHolder.here.host, pid: process.pid, start: "1" }))
    yield* tidy(home)
    expect(fs.existsSync(lease)).toBe(false)
  })
)

it.live("what cannot be removed stays, fails nobody, and the rest is removed", () =>
  Effect.gen(function* () {
    const home = folder()
    const stuck = write(home, "objects/ab/.tmp-1-aa")
    const free = write(home, "traces/s/.tmp-1-bb")
    fs.chmodSync(home, 0o755)
    fs.chmodSync(path.dirname(stuck), 0o555)
    fs.chmodSync(path.dirname(free), 0o777)
    yield* asNobody(tidy(home, after(25)))
    expect([fs.existsSync(stuck), fs.existsSync(free)]).toEqual([true, false])
    fs.chmodSync(path.dirname(stuck), 0o755)
  })
)

it.live("a lease that cannot be let go does not undo the work that was done under it", () =>
  Effect.gen(function* () {
    const home = folder()
    const { key } = traceOf("s", 1)
    const leases = path.join(home, "leases")
    fs.mkdirSync(leases)
    fs.chmodSync(home, 0o755)
    fs.chmodSync(leases, 0o777)
    const held = yield* Deferred.make<void>()
    const closed = yield* Deferred.make<void>()
    const work = Effect.scoped(
      Effect.gen(function* () {
        yield* Effect.flatMap(Lease.Leases, (all) => all.acquire(key))
        yield* Deferred.succeed(held, undefined)
        yield* Deferred.await(closed)
        return "done"
      })
    ).pipe(Effect.provide(LeaseDisk.layerDisk(home)))
    const fiber = yield* Effect.fork(work)
    yield* Deferred.await(held)
    fs.chmodSync(leases, 0o555)
    yield* Deferred.succeed(closed, undefined)
    expect(yield* asNobody(Effect.exit(Fiber.join(fiber)))).toMatchObject({ _tag: "Success", value: "done" })
    expect(fs.readdirSync(leases)).toEqual([key])
    fs.chmodSync(leases, 0o755)
  })
)
