import * as fs from "node:fs"
import { Effect } from "effect"
import type { Key } from "../../cache/Key.ts"
import { Leases } from "../../cache/Lease.ts"
import * as LeaseDisk from "../../cache/lease-disk.ts"

// A process that takes a lease so many times, as soon as it can, and prints how often another one had it meanwhile. Each
// time it was alone or not is told by a file that only one of them can create. Some die with the lease in their hands, or are stopped.
const [home = "", key = "", times = "0", how = ""] = process.argv.slice(2)
const inside = `${home}/inside`

const once = Effect.scoped(
  Effect.gen(function* () {
    if (!(yield* Effect.flatMap(Leases, (leases) => leases.tryAcquire(key as Key)))) return null
    try {
      fs.writeFileSync(inside, "", { flag: "wx" })
    } catch {
      return false
    }
    yield* Effect.sleep("1 millis")
    fs.rmSync(inside)
    return true
  })
)

let alone = 0
let together = 0
/** Holds the lease, is stopped, and ends once it hears that the lease is another's. */
const stopped = Effect.gen(function* () {
  const held = yield* Effect.flatMap(Leases, (leases) => leases.tryAcquire(key as Key))
  process.kill(process.pid, "SIGSTOP")
  yield* held?.lost ?? Effect.never
})
const contending = Effect.gen(function* () {
  while (alone + together < Number(times)) {
    const was = yield* once
    if (was === null) yield* Effect.sleep("1 millis")
    else if (was) alone += 1
    else together += 1
  }
  if (how !== "dies") return
  while (!(yield* Effect.flatMap(Leases, (leases) => leases.tryAcquire(key as Key)))) yield* Effect.sleep("1 millis")
  process.kill(process.pid, "SIGKILL")
})
const all = (how === "stops" ? stopped : contending).pipe(Effect.scoped, Effect.provide(LeaseDisk.layerDisk(home)))

await Effect.runPromise(all)
process.stdout.write(JSON.stringify({ alone, together }))
