import { spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as path from "node:path"
import { text } from "node:stream/consumers"
import { Effect } from "effect"
import { beforeAll, expect, it } from "vitest"
import { Leases } from "../../cache/Lease.ts"
import * as LeaseDisk from "../../cache/lease-disk.ts"
import { bundle } from "../rig/bundle.ts"
import { folder } from "../rig/folder.ts"
import { isStopped } from "../rig/held.ts"
import { traceOf } from "../rig/store-contract.ts"

let program = ""
beforeAll(async () => {
  program = await bundle("test/rig/lease-worker.ts", path.join(folder("headrace-lease"), "lease-worker.mjs"))
})

it("processes that contend for a lease, of which some are killed holding it, never hold it together", async () => {
  const home = folder()
  const { key } = traceOf("s", 1)
  const worker = async (times: number, how = "lives") => {
    const child = spawn(process.execPath, [program, home, key, `${times}`, how], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    const [printed, [, signal]] = await Promise.all([text(child.stdout), once(child, "exit")])
    return signal === null ? JSON.parse(printed) : signal
  }
  const ended = await Promise.all([worker(40), worker(40), worker(40), worker(5, "dies"), worker(10, "dies")])
  expect(ended).toEqual([...Array.from({ length: 3 }, () => ({ alone: 40, together: 0 })), "SIGKILL", "SIGKILL"])
  // the last that was killed may have been the last at all
  expect(fs.readdirSync(path.join(home, "leases")).filter((name) => name !== key)).toEqual([])
})

it("the lease of a process that is stopped is another's once it was silent, and the process hears of that when it goes on", async () => {
  const home = folder()
  const { key } = traceOf("s", 1)
  const child = spawn(process.execPath, [program, home, key, "1", "stops"], { stdio: ["ignore", "pipe", "inherit"] })
  const ended = Promise.all([text(child.stdout), once(child, "exit")])
  while (!isStopped(child.pid ?? 0)) await new Promise((resolve) => setImmediate(resolve))
  const held = () => fs.readdirSync(path.join(home, "leases", key))
  const before = held()
  const takeOver = Effect.gen(function* () {
    yield* Effect.flatMap(Leases, (leases) => leases.acquire(key))
    const own = held()
    child.kill("SIGCONT")
    expect((yield* Effect.promise(() => ended))[1]).toEqual([0, null])
    // it left its successor's alone
    return [own, held()]
  }).pipe(Effect.scoped, Effect.provide(LeaseDisk.layerDisk(home, { silenceMillis: 1000, renewalMillis: 100 })))
  const [own, after] = await Effect.runPromise(takeOver)
  expect(own).not.toEqual(before)
  expect(after).toEqual(own)
})
