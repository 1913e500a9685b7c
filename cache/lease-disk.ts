import { randomBytes } from "node:crypto"
import type { BigIntStats } from "node:fs"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Clock, Deferred, Effect, Layer, Schedule, type Scope } from "effect"
import * as ClaimedFolder from "./claimed-folder.ts"
import * as Disk from "./disk.ts"
import type { Key } from "./Key.ts"
import { type Held, Leases } from "./Lease.ts"
import * as LeaseHolder from "./lease-holder.ts"
import { type Watching, watching } from "./lease-silence.ts"
import type { StoreFailed } from "./ObjectStore.ts"
import * as StoreFormat from "./StoreFormat.ts"

/** A lease that a waiter has seen unchanged for this long, by its own clock, is nobody's. */
export const SILENCE_MILLIS = 10_000
const RENEWAL_MILLIS = 2000
/** Silence is made of at least so many looks at the lease. */
const LOOKS = 4

export interface Pace {
  readonly silenceMillis: number
  readonly renewalMillis: number
}

/** What is in a lease's place. */
interface Seen {
  /** What lies in its folder; null where it is no folder. */
  readonly names: ReadonlyArray<string> | null
  /** Null where nobody can be read out of it. */
  readonly holder: LeaseHolder.Holder | null
  /** Changes at every renewal, whatever the clock of its holder: the file system's own change time is part of it. */
  readonly stamp: string
  /** When it last changed, by the clock of the file system. */
  readonly changedMillis: number
}

const stampOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  [dev, ino, size, mtimeNs, ctimeNs].join(" ")

/** Null where there is nothing that keeps anybody from taking the lease. Anything else is seen, whatever it is. */
const see = async (place: string): Promise<Seen | null> => {
  try {
    const stat = await fs.lstat(place, { bigint: true })
    if (!stat.isDirectory())
      return { names: null, holder: null, stamp: stampOf(stat), changedMillis: Number(stat.ctimeMs) }
    const names = (await fs.readdir(place)).sort()
    const stats = await Promise.all(names.map((name) => fs.lstat(path.join(place, name), { bigint: true })))
    const [only, ...others] = names
    if (only === undefined) return null
    return {
      names,
      holder: others.length === 0 ? LeaseHolder.readFrom(path.join(place, only)) : null,
      stamp: names.map((name, at) => `${name} ${stampOf(stats[at] as BigIntStats)}`).join("\n"),
      changedMillis: Math.max(...stats.map(({ ctimeMs }) => Number(ctimeMs)))
    }
  } catch (cause) {
    // it was let go or taken while it was looked at: whoever wants it tries
    if (Disk.codeOf(cause) === "ENOENT") return null
    throw cause
  }
}

/** Whether the holder was of this host, and is certainly no more. */
const isGone = (system: LeaseHolder.System, { holder }: Seen): boolean => holder !== null && system.isGone(holder)

/**
 * Takes a lease away from a holder that is gone: by the name of its file, which no other holder's has, so that nobody's fresh
 * lease is removed in place of a stale one, however long ago that was looked at and however many do it at once.
 */
const steal = async (place: string, { names }: Seen): Promise<void> => {
  for (const name of names ?? []) await fs.rm(path.join(place, name), { force: true, recursive: true })
  if (names !== null) return
  await fs.unlink(place).catch((cause) => {
    // somebody else did, and perhaps has the lease by now: that is a folder, which this does not remove
    if (!["ENOENT", "EISDIR", "EPERM"].includes(Disk.codeOf(cause) ?? "")) throw cause
  })
}

/** Milliseconds of a clock that is never set. */
const monotonic = Effect.map(Clock.currentTimeNanos, (nanos) => Number(nanos / 1000n) / 1000)

const fileOf = (token: string): string => `${token}.json`
const fileIn = (place: string, token: string): string => path.join(place, fileOf(token))

/** Claims the lease's place for its holder: the token under which the lease is now held, or null. */
const take = async (place: string, system: LeaseHolder.System): Promise<string | null> => {
  const token = randomBytes(12).toString("hex")
  try {
    return (await ClaimedFolder.take(place, fileOf(token), LeaseHolder.written(system.self()))) ? token : null
  } catch (cause) {
    // what lies there is no folder: it counts as a lease that nobody renews
    if (Disk.codeOf(cause) === "ENOTDIR") return null
    throw cause
  }
}

/** What tries to take leases go by. */
interface Taking {
  readonly silenceMillis: number
  readonly watch: Watching
  readonly system: LeaseHolder.System
}

/** One try: the token under which the lease is now held, or null. `now` is of the monotonic clock. */
const tryTake = async (
  place: string,
  { silenceMillis, watch, system }: Taking,
  now: number
): Promise<string | null> => {
  const seen = await see(place)
  if (seen !== null) {
    if (watch.look(place, seen.stamp, now) <= silenceMillis && !isGone(system, seen)) return null
    await steal(place, seen)
  }
  const token = await take(place, system)
  if (token !== null) watch.forget(place)
  return token
}

/**
 * Renews a lease by its time stamp; whether it is still held. It is not where its file is gone: a holder that was silent for too
 * long has lost it, and its successor's file has another name. What else fails may work the next time.
 */
const renew = (place: string, token: string): Promise<boolean> =>
  fs.utimes(fileIn(place, token), new Date(), new Date()).then(
    () => true,
    (cause) => Disk.codeOf(cause) !== "ENOENT"
  )

/**
 * Removes a lease that nobody asked for again: its holder is certainly gone, or nothing of it has changed since then. So goes
 * what was being made for a lease, and a folder that was let go and not removed.
 */
export const tidyLease = async (
  place: string,
  beforeMillis: number,
  system: LeaseHolder.System = LeaseHolder.here
): Promise<void> => {
  const seen = await see(place)
  if (
    seen === null
      ? (await fs.lstat(place)).ctimeMs >= beforeMillis
      : seen.changedMillis >= beforeMillis && !isGone(system, seen)
  )
    return
  if (seen !== null) await steal(place, seen)
  await fs.rmdir(place).catch(() => undefined)
}

/**
 * Leases as folders `leases/<key>` with one file in them, named by a token of its holder's and renewed by its time stamp. A
 * holder that dies leaves nothing to clean up. Whatever a node writes is written under one, by a worker as well: so the store's
 * format is looked at before one is taken, and once more under it, since whoever gives the store another format waits for leases.
 */
export const layerDisk = (
  home: string,
  { silenceMillis, renewalMillis }: Pace = { silenceMillis: SILENCE_MILLIS, renewalMillis: RENEWAL_MILLIS },
  system: LeaseHolder.System = LeaseHolder.here
): Layer.Layer<Leases> => {
  const watch = watching(silenceMillis / LOOKS)
  const tryAcquire = (key: Key): Effect.Effect<Held | null, StoreFailed, Scope.Scope> => {
    const place = path.join(home, "leases", key)
    return Effect.uninterruptible(
      Effect.gen(function* () {
        yield* StoreFormat.claim(home)
        yield* Effect.mapError(Disk.makeFolder(path.dirname(place)), (cause) =>
          Disk.storeFailed("Leasing", place, cause)
        )
        const now = yield* monotonic
        const token = yield* Effect.tryPromise({
          try: () => tryTake(place, { silenceMillis, watch, system }, now),
          catch: (cause) => Disk.storeFailed("Leasing", place, cause)
        })
        if (token === null) return null
        yield* Effect.addFinalizer(() => Effect.promise(() => ClaimedFolder.release(place, fileOf(token))))
        yield* StoreFormat.claim(home)
        const lost = yield* Deferred.make<void>()
        const renewing = Effect.repeat(
          Effect.promise(() => renew(place, token)),
          { schedule: Schedule.spaced(renewalMillis), while: (isHeld) => isHeld }
        )
        yield* Effect.forkScoped(Effect.interruptible(Effect.zipRight(renewing, Deferred.succeed(lost, undefined))))
        return { lost: Deferred.await(lost) }
      })
    )
  }
  const acquire = (key: Key) =>
    Effect.asVoid(Effect.repeat(tryAcquire(key), { schedule: Disk.polling, until: (held) => held !== null }))
  return Layer.succeed(Leases, { tryAcquire, acquire })
}
