import { randomBytes } from "node:crypto"
import { readFileSync, readlinkSync } from "node:fs"
import * as fs from "node:fs/promises"
import { hostname } from "node:os"
import * as path from "node:path"
import { Clock, Effect, Layer, Option, Schedule, Schema } from "effect"
import * as BoundedFile from "../artifacts/BoundedFile.ts"
import * as BoundedJson from "../artifacts/BoundedJson.ts"
import * as Digest from "../artifacts/Digest.ts"
import * as Disk from "./disk.ts"
import type { Key } from "./Key.ts"
import { Leases } from "./Lease.ts"
import { type Watching, watching } from "./lease-silence.ts"

/** Who holds a lease. Pids are used again, so a process is its pid and its start. */
const Holder = Schema.Struct({ token: Schema.String, host: Schema.String, pid: Schema.Int, start: Schema.String })
type Holder = typeof Holder.Type

/** A lease that a waiter has seen unchanged for this long, by its own clock, is nobody's. */
export const SILENCE_MILLIS = 10_000
const RENEWAL_MILLIS = 2000
/** Silence is made of at least so many looks at the lease. */
const LOOKS = 4

export interface Pace {
  readonly silenceMillis: number
  readonly renewalMillis: number
}

const bootOf = (): string => {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()
  } catch {
    return ""
  }
}
/** Pids mean something within one boot of one host, and there within one process namespace. */
const namespaceOf = (): string => {
  try {
    return readlinkSync("/proc/self/ns/pid")
  } catch {
    return ""
  }
}
export const HOST = `${hostname()} ${bootOf()} ${namespaceOf()}`

/** Start of a process in clock ticks since boot: field 22 of /proc/PID/stat, after the name, which may hold spaces. */
const startOf = (pid: number): string | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null
  } catch {
    return null
  }
}

const parse = Schema.decodeUnknownOption(BoundedJson.schema(Holder))

/** What is in a lease's place. */
interface Seen {
  /** Null where nobody can be read out of it. */
  readonly holder: Holder | null
  /** Changes at every renewal, whatever the clock of its holder: the file system's own change time is part of it. */
  readonly stamp: string
}

/** A lease is some two hundred bytes; nobody reads more of what was put in its place. */
const MOST_BYTES = 4096

/** Null where there is nothing. Anything else is seen: also what is no file, or cannot be read. */
const see = async (file: string): Promise<Seen | null> => {
  try {
    const stat = await fs.lstat(file, { bigint: true })
    const stamp = [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(" ")
    return { holder: stat.isFile() ? holderIn(file) : null, stamp }
  } catch (cause) {
    const code = Disk.codeOf(cause)
    return code === "ENOENT" ? null : { holder: null, stamp: `${code}` }
  }
}

const holderIn = (file: string): Holder | null => {
  try {
    return Option.getOrNull(parse(BoundedFile.read(file, MOST_BYTES).toString()))
  } catch {
    return null
  }
}

/** Whether this host has no such process: one that is another user's, or hidden, is there all the same. */
const isAbsent = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return false
  } catch (cause) {
    return Disk.codeOf(cause) === "ESRCH"
  }
}

/** Whether the holder was of this host, and is certainly no more. */
const isGone = ({ holder }: Seen): boolean => {
  if (holder === null || holder.host !== HOST) return false
  const start = startOf(holder.pid)
  return start === null ? isAbsent(holder.pid) : start !== holder.start
}

const remove = (file: string): Promise<void> => fs.rm(file, { force: true, recursive: true })

/**
 * Takes a lease away from a holder that is gone. Only one process may: the one that creates the marker for what it saw,
 * and only if that is still there; so nobody's fresh lease is removed in place of a stale one. The marker's name is made of
 * the stamp, never of what the lease says.
 */
const steal = async (file: string, { stamp }: Seen, leftFor: (marker: string) => Promise<boolean>): Promise<void> => {
  const marker = `${file}.steal-${Digest.ofBytes(stamp).slice(0, 24)}`
  try {
    await fs.writeFile(marker, "", { flag: "wx" })
  } catch (cause) {
    if (Disk.codeOf(cause) !== "EEXIST") throw cause
    // another process is at it; should it have died there, its marker goes the way of a silent lease
    if (await leftFor(marker)) await remove(marker)
    return
  }
  try {
    if ((await see(file))?.stamp === stamp) await remove(file)
  } finally {
    await Disk.tidyAway(marker)
  }
}

/** Milliseconds of a clock that is never set. */
const monotonic = Effect.map(Clock.currentTimeNanos, (nanos) => Number(nanos / 1000n) / 1000)

/** One try: the token under which the lease is now held, or null. `now` is of the monotonic clock. */
const tryTake = async (file: string, silence: number, watch: Watching, now: number): Promise<string | null> => {
  const token = randomBytes(12).toString("hex")
  const holder: Holder = { token, host: HOST, pid: process.pid, start: startOf(process.pid) ?? "" }
  const aside = `${file}.new-${token}`
  const isSilent = async (left: string) => {
    const seen = await see(left)
    return seen !== null && watch.look(left, seen.stamp, now) > silence
  }
  await Disk.makeDirectory(path.dirname(file))
  await fs.writeFile(aside, JSON.stringify(holder))
  try {
    // a link appears with its content, and fails where there is one already
    await fs.link(aside, file)
    watch.forget(file)
    return token
  } catch (cause) {
    if (Disk.codeOf(cause) !== "EEXIST") throw cause
    const seen = await see(file)
    if (seen !== null && (watch.look(file, seen.stamp, now) > silence || isGone(seen)))
      await steal(file, seen, isSilent)
    return null
  } finally {
    await Disk.tidyAway(aside)
  }
}

const release = async (file: string, token: string): Promise<void> => {
  const seen = await see(file)
  // one that cannot be removed falls silent
  if (seen?.holder?.token === token) await Disk.tidyAway(file)
}

/** Removes a lease that nobody asked for again: its holder is certainly gone, or it has lain there for too long. */
export const tidyLease = async (file: string, isOld: boolean): Promise<void> => {
  const seen = await see(file)
  if (seen !== null && (isOld || isGone(seen))) await steal(file, seen, async () => false)
}

/** Leases as files `leases/<key>.json`, renewed by their time stamp. A holder that dies leaves nothing to clean up. */
export const layerDisk = (
  home: string,
  { silenceMillis, renewalMillis }: Pace = { silenceMillis: SILENCE_MILLIS, renewalMillis: RENEWAL_MILLIS }
): Layer.Layer<Leases> => {
  const watch = watching(silenceMillis / LOOKS)
  const tryAcquire = (key: Key) => {
    const file = path.join(home, "leases", `${key}.json`)
    return Effect.uninterruptible(
      Effect.gen(function* () {
        const now = yield* monotonic
        const token = yield* Effect.tryPromise({
          try: () => tryTake(file, silenceMillis, watch, now),
          catch: (cause) => Disk.storeFailed("Leasing", file, cause)
        })
        if (token === null) return false
        yield* Effect.addFinalizer(() => Effect.promise(() => release(file, token)))
        // a holder that was silent for too long has lost it, and must not renew its successor's
        const renew = Effect.promise(async () => {
          if ((await see(file))?.holder?.token === token)
            await fs.utimes(file, new Date(), new Date()).catch(() => undefined)
        })
        yield* Effect.forkScoped(Effect.interruptible(Effect.repeat(renew, Schedule.spaced(renewalMillis))))
        return true
      })
    )
  }
  const acquire = (key: Key) =>
    Effect.asVoid(Effect.repeat(tryAcquire(key), { schedule: Disk.polling, until: (isHeld) => isHeld }))
  return Layer.succeed(Leases, { tryAcquire, acquire })
}
