import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import * as Lease from "../../cache/Lease.ts"
import * as LeaseDisk from "../../cache/lease-disk.ts"
import { tidy } from "../../cache/tidy.ts"
import { folder } from "../rig/folder.ts"
import { traceOf } from "../rig/store-contract.ts"

const HOUR = 3600
const write = (home: string, name: string, hours: number) => {
  const file = path.join(home, name)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, JSON.stringify({ token: "t", host: "elsewhere", pid: 1, start: "1" }))
  const seconds = Date.now() / 1000 - hours * HOUR
  fs.utimesSync(file, seconds, seconds)
  return file
}

/** Runs as somebody whom a folder's permissions bind: they do not bind root. */
const asNobody = <A, E>(use: Effect.Effect<A, E>): Effect.Effect<A, E> => {
  if (process.getuid?.() !== 0) return use
  return Effect.acquireUseRelease(
    Effect.sync(() => process.seteuid?.(65534)),
    () => use,
    () => Effect.sync(() => process.seteuid?.(0))
  )
}

it.effect("what killed processes left is removed after a day: unfinished files, leases that nobody asked for", () =>
  Effect.gen(function* () {
    const home = folder()
    const { key } = traceOf("s", 1)
    const left = [
      write(home, "objects/ab/.tmp-1-aa", 25),
      write(home, `leases/${key}.json`, 25),
      write(home, `leases/${key}.json.new-0a`, 25),
      write(home, "traces/s/chunks/.tmp-1-bb", 25)
    ]
    const kept = [
      write(home, "objects/ab/.tmp-1-cc", 23),
      write(home, "objects/ab/abcd", 25),
      write(home, `leases/${traceOf("s", 2).key}.json`, 23),
      write(home, `traces/s/${key}.json`, 25),
      write(home, "runs/20260101-000000-aaaaaa.json", 25)
    ]
    yield* tidy(home)
    expect(left.filter((file) => fs.existsSync(file))).toEqual([])
    expect(kept.filter((file) => !fs.existsSync(file))).toEqual([])
    expect(fs.readdirSync(path.join(home, "leases"))).toEqual([`${traceOf("s", 2).key}.json`])
    yield* tidy(path.join(home, "nowhere"))
  })
)

it.live("what cannot be removed stays, fails nobody, and the rest is removed", () =>
  Effect.gen(function* () {
    const home = folder()
    const stuck = write(home, "objects/ab/.tmp-1-aa", 25)
    const free = write(home, "traces/s/.tmp-1-bb", 25)
    fs.chmodSync(home, 0o755)
    fs.chmodSync(path.dirname(stuck), 0o555)
    fs.chmodSync(path.dirname(free), 0o777)
    yield* asNobody(tidy(home))
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
    expect(fs.readdirSync(leases)).toEqual([`${key}.json`])
    fs.chmodSync(leases, 0o755)
  })
)
