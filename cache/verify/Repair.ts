import * as fs from "node:fs/promises"
import * as path from "node:path"
import { DateTime, Effect } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import * as Disk from "../disk.ts"
import type { Key } from "../Key.ts"
import { Leases } from "../Lease.ts"
import { QUARANTINE } from "../misplaced.ts"
import { ObjectStore, type StoreFailed } from "../ObjectStore.ts"
import * as Pins from "../Pins.ts"
import type { Finding } from "./Finding.ts"
import { isStill } from "./Look.ts"

/** What became of a finding. */
export type Repair =
  /** It was put aside, where nobody takes it for what it was: whoever needs it computes it again. */
  | { readonly _tag: "Quarantined"; readonly to: string }
  /** The same, and a shared store had it whole: it is there again. */
  | { readonly _tag: "Fetched"; readonly to: string }
  /** A pin, of which a copy was put aside, keeps what it kept: it is written anew. */
  | { readonly _tag: "Rewritten"; readonly to: string }
  /** Somebody computes the same at the moment, and puts it in order, or leaves it for the next time. */
  | { readonly _tag: "InUse" }
  /** It is there no longer as it was found. */
  | { readonly _tag: "Gone" }
  /** It is not there, or may not be touched: why, as a clause that follows its name. */
  | { readonly _tag: "Left"; readonly why: string }

/** A folder of a repair's own, whose name says when that was. */
export const folderFor = (home: string): Effect.Effect<string> =>
  Effect.map(DateTime.now, (now) => path.join(home, QUARANTINE, DateTime.formatIso(now).replaceAll(":", "-")))

const attempt = <A>(file: string, run: () => Promise<A>): Effect.Effect<A, StoreFailed> =>
  Effect.tryPromise({ try: run, catch: (cause) => Disk.storeFailed("Putting aside", file, cause) })

/** Moves a file aside, unless it is another by then: what was mended between a look and the move gets its name back. */
const putAside = (file: string, seen: string | null, to: string): Effect.Effect<boolean, StoreFailed> =>
  Effect.gen(function* () {
    if (!(yield* isStill(file, seen))) return false
    yield* attempt(file, () => Disk.makeDirectory(path.dirname(to)))
    yield* attempt(file, () => fs.rename(file, to))
    if (yield* isStill(to, seen)) return true
    yield* attempt(file, () =>
      fs.link(to, file).catch((cause) => (Disk.codeOf(cause) === "EEXIST" ? undefined : Promise.reject(cause)))
    )
    yield* attempt(to, () => fs.rm(to))
    return false
  })

/** The keys whose holders may be about to write what was found damaged, or to read it. */
const keysOf = ({ what, name, makers }: Finding): ReadonlyArray<Key> => {
  const isOfKey = what === "trace" || what === "trace of a chunk" || what === "printed text"
  const own = isOfKey ? [name.slice(name.lastIndexOf("/") + 1) as Key] : []
  return [...new Set([...makers.map(({ key }) => key), ...own])]
}

/** Holds the leases of keys for the scope; whether nobody else had one of them. */
const holdAll = (keys: ReadonlyArray<Key>) =>
  Effect.gen(function* () {
    const { tryAcquire } = yield* Leases
    for (const key of keys) if ((yield* tryAcquire(key)) === null) return false
    return true
  })

/** For so long somebody may be silent who holds a lease, as far as those know who wait for it. */
const PATIENCE = "30 seconds"

/**
 * Waits for a damaged lease, as whoever needs its key does: a holder that lives lets it go, and one that is gone, or was silent for long, loses it.
 * Nobody else may end a lease of which it can't be read whose it is.
 */
const takenOver = (key: Key): Effect.Effect<Repair, StoreFailed, Leases> =>
  Effect.flatMap(Leases, ({ acquire }) => Effect.scoped(acquire(key))).pipe(
    Effect.timeoutTo({
      duration: PATIENCE,
      onSuccess: (): Repair => ({ _tag: "Gone" }),
      onTimeout: (): Repair => ({ _tag: "InUse" })
    })
  )

/** Writes a damaged pin anew. Its name is there all the time: what it keeps is removed by nobody. */
const rewritten = (home: string, { file, seen, pin }: Finding, to: string): Effect.Effect<Repair, StoreFailed> =>
  Effect.gen(function* () {
    if (pin === undefined || !(yield* isStill(file, seen))) return { _tag: "Gone" as const }
    yield* attempt(file, () => Disk.makeDirectory(path.dirname(to)))
    yield* attempt(file, () => fs.copyFile(file, to))
    yield* Pins.put(home, pin.subject, pin.content)
    return { _tag: "Rewritten" as const, to }
  })

/** The bytes that a shared store has instead of those that were put aside; whether it had them. */
const fetched = (object: string): Effect.Effect<boolean, never, ObjectStore> =>
  Effect.gen(function* () {
    const { check } = yield* ObjectStore
    if (!Digest.is(object)) return false
    return yield* Effect.match(check(object), { onFailure: () => false, onSuccess: () => true })
  })

/**
 * Mends what was found, as far as that is possible without computing: what is damaged is moved to `folder`, never removed, and comes back from a
 * shared store where that has it. Traces stay that name an object which is gone: whoever needs it computes it again, and nobody else. A key's
 * lease is held meanwhile.
 */
export const repair = (
  home: string,
  folder: string,
  finding: Finding
): Effect.Effect<Repair, StoreFailed, Leases | ObjectStore> =>
  Effect.gen(function* () {
    const { fault, what, name, file, seen } = finding
    if (fault === "missing") return { _tag: "Left" as const, why: "it is computed by the next run that needs it" }
    if (finding.isForbidden) return { _tag: "Left" as const, why: "its permissions are yours to correct" }
    if (what === "mark of a command")
      return {
        _tag: "Left" as const,
        why: "its command may be running, and gc removes it once nothing was heard of it for an hour"
      }
    if (what === "lease") return yield* takenOver(name as Key)
    if (!(yield* holdAll(keysOf(finding)))) return { _tag: "InUse" as const }
    const to = path.join(folder, path.relative(home, file))
    if (what === "pin") return yield* rewritten(home, finding, to)
    if (!(yield* putAside(file, seen, to))) return { _tag: "Gone" as const }
    const isBack = what === "object" && (yield* fetched(name))
    return { _tag: isBack ? ("Fetched" as const) : ("Quarantined" as const), to }
  }).pipe(Effect.scoped)
