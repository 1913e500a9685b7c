import { randomBytes } from "node:crypto"
import { readFileSync, readlinkSync } from "node:fs"
import * as fs from "node:fs/promises"
import { hostname } from "node:os"
import * as path from "node:path"
import { Effect, Layer, Schedule, Schema } from "effect"
import * as Disk from "./disk.ts"
import type { Key } from "./Key.ts"
import { Leases } from "./Lease.ts"

/** Who holds a lease. Pids are used again, so a process is its pid and its start. */
const Holder = Schema.Struct({ token: Schema.String, host: Schema.String, pid: Schema.Int, start: Schema.String })
type Holder = typeof Holder.Type

/** A holder that has not renewed its lease for this long has lost it. */
export const SILENCE_MILLIS = 10_000
const RENEWAL_MILLIS = 2000

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

const parse = Schema.decodeUnknownOption(Schema.parseJson(Holder))

interface Seen {
  readonly holder: Holder | null
  readonly silentMillis: number
}

const see = async (file: string): Promise<Seen | null> => {
  try {
    const [text, stat] = await Promise.all([fs.readFile(file, "utf8"), fs.stat(file)])
    const holder = parse(text)
    return { holder: holder._tag === "Some" ? holder.value : null, silentMillis: Date.now() - stat.mtimeMs }
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

const isGone = ({ holder, silentMillis }: Seen, silence: number): boolean => {
  if (silentMillis > silence) return true
  if (holder === null || holder.host !== HOST) return false
  const start = startOf(holder.pid)
  return start === null ? isAbsent(holder.pid) : start !== holder.start
}

/**
 * Takes a lease away from a holder that is gone. Only one process may: the one that creates the marker for what it saw,
 * and only if that is still there; so nobody's fresh lease is removed in place of a stale one.
 */
const steal = async (file: string, seen: Seen, silence: number): Promise<void> => {
  const marker = `${file}.steal-${seen.holder?.token ?? "unreadable"}`
  try {
    await fs.writeFile(marker, "", { flag: "wx" })
  } catch {
    // another process is at it; should it have died there, its marker goes the way of a silent lease
    const left = await fs.stat(marker).catch(() => null)
    if (left !== null && Date.now() - left.mtimeMs > silence) await Disk.tidyAway(marker)
    return
  }
  try {
    const now = await see(file)
    if (now !== null && now.holder?.token === seen.holder?.token && isGone(now, silence)) await Disk.tidyAway(file)
  } finally {
    await Disk.tidyAway(marker)
  }
}

/** One try: the token under which the lease is now held, or null. */
const tryTake = async (file: string, silence: number): Promise<string | null> => {
  const token = randomBytes(12).toString("hex")
  const holder: Holder = { token, host: HOST, pid: process.pid, start: startOf(process.pid) ?? "" }
  const aside = `${file}.new-${token}`
  await Disk.makeDirectory(path.dirname(file))
  await fs.writeFile(aside, JSON.stringify(holder))
  try {
    // a link appears with its content, and fails where there is one already
    await fs.link(aside, file)
    return token
  } catch (cause) {
    if (Disk.codeOf(cause) !== "EEXIST") throw cause
    const seen = await see(file)
    if (seen !== null && isGone(seen, silence)) await steal(file, seen, silence)
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

/** Removes a lease that has been silent for so long: its holder was killed, and nobody asked for its key again. */
export const tidyLease = async (file: string, millis: number): Promise<void> => {
  const seen = await see(file)
  if (seen !== null && seen.silentMillis > millis) await steal(file, seen, millis)
}

/** Leases as files `leases/<key>.json`, renewed by their time stamp. A holder that dies leaves nothing to clean up. */
export const layerDisk = (
  home: string,
  { silenceMillis, renewalMillis }: Pace = { silenceMillis: SILENCE_MILLIS, renewalMillis: RENEWAL_MILLIS }
): Layer.Layer<Leases> => {
  const tryAcquire = (key: Key) => {
    const file = path.join(home, "leases", `${key}.json`)
    return Effect.uninterruptible(
      Effect.gen(function* () {
        const token = yield* Effect.tryPromise({
          try: () => tryTake(file, silenceMillis),
          catch: (cause) => Disk.storeFailed("Leasing", file, cause)
        })
        if (token === null) return false
        yield* Effect.addFinalizer(() => Effect.promise(() => release(file, token)))
        // a holder that was silent for too long has lost it, and must not renew its successor's
        const renew = Effect.promise(async () => {
          const now = await see(file)
          if (now?.holder?.token === token) await fs.utimes(file, new Date(), new Date()).catch(() => undefined)
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
