import * as path from "node:path"
import { Clock, Effect, Schema } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import * as Explained from "../../artifacts/Explained.ts"
import type { Key } from "../../cache/Key.ts"
import { Leases } from "../../cache/Lease.ts"
import type { StoreFailed } from "../../cache/ObjectStore.ts"
import * as Pins from "../../cache/Pins.ts"
import type { TraceStore } from "../../cache/Trace.ts"
import { fileSystemNow, tidy } from "../../cache/tidy.ts"
import * as Using from "../../cache/Using.ts"
import type { RunRecords } from "../RunRecord.ts"
import * as Inventory from "./Inventory.ts"
import * as Ledger from "./Ledger.ts"
import * as Needed from "./Needed.ts"
import * as Policy from "./Policy.ts"
import * as Remove from "./remove.ts"

// Makes a store smaller: looks at all of it, decides, and removes, one process at a time.

/** How small a store is to be, and what is kept whatever it takes. */
export interface Asked extends Policy.Goal {
  readonly keeping: Needed.Keeping
}

/** Another process removes from the same store. */
export class StoreBusy extends Explained.TaggedError<StoreBusy>()("StoreBusy", { home: Schema.String }, ({ home }) => ({
  what: `Another command makes the store ${home} smaller at the moment`,
  expected: "to be the only one",
  fix: "Wait until it is done: where it dies, the next one goes on."
})) {}

/** Who hears what is going on: files and traces that were looked at, and bytes that are free, since it last heard. */
export interface Listener<R> {
  readonly onLooked: Inventory.OnLooked<R>
  readonly onRemoved: (bytes: number) => Effect.Effect<void, never, R>
}

/** A store that was looked at, and what is to go. */
export interface Survey {
  readonly decision: Policy.Decision
  readonly inventory: Inventory.Inventory
  readonly needed: Needed.Needed
  readonly inUse: Using.InUse
  /** By the clock of the file system. */
  readonly now: number
}

/** The time by the clock of the file system. A store that cannot be written to loses nothing either: there any time will do. */
export const timeAt = (home: string): Effect.Effect<number> =>
  Effect.catchAll(
    Effect.tryPromise(() => fileSystemNow(home)),
    () => Clock.currentTimeMillis
  )

/** Looks at a store and decides what goes. Nothing is written. */
export const survey = <R>(
  home: string,
  { keeping, ...goal }: Asked,
  { onLooked }: Pick<Listener<R>, "onLooked">,
  now: number
): Effect.Effect<Survey, never, RunRecords | TraceStore | R> =>
  Effect.gen(function* () {
    // who begins after this declares what it finds, or is found to have begun before anything is removed
    const inUse = Using.read(home, now)
    const needed = yield* Needed.needed(keeping, yield* Pins.list(home), yield* Ledger.found(home), onLooked(1))
    const inventory = yield* Inventory.take({ home, needed, inUse, now }, onLooked)
    return { decision: Policy.choose(inventory.units, goal, inventory.missing), inventory, needed, inUse, now }
  })

/** How often results were found by the runs whose records go. */
const foundBy = ({ goes }: Policy.Decision, { foundBy: runs }: Needed.Needed): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const { unit } of goes)
    if (unit.turn === "record")
      for (const { file } of unit.files)
        for (const key of runs.get(path.basename(file, ".json")) ?? []) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}

const remember = (home: string, { decision, needed }: Survey) =>
  Effect.gen(function* () {
    const counts = new Map(yield* Ledger.found(home))
    const more = foundBy(decision, needed)
    if (more.size === 0) return
    for (const [key, count] of more) counts.set(key, (counts.get(key) ?? 0) + count)
    yield* Ledger.rememberFound(home, counts)
  })

/** The lease of whoever removes: a key that no node has. */
const LEASE = Digest.ofBytes("what makes a store smaller") as string as Key

export interface Collected extends Survey {
  readonly removed: Remove.Removed
}

/** Looks, decides and removes. What is free may be less than was decided, where somebody began to use some of it meanwhile. */
export const collect = <R>(
  home: string,
  asked: Asked,
  listener: Listener<R>
): Effect.Effect<Collected, StoreBusy | StoreFailed, Leases | RunRecords | TraceStore | R> =>
  Effect.gen(function* () {
    const { tryAcquire } = yield* Leases
    const held = yield* tryAcquire(LEASE)
    if (held === null) return yield* new StoreBusy({ home })
    const work = Effect.gen(function* () {
      const found = yield* survey(home, asked, listener, yield* timeAt(home))
      const { decision, inventory, inUse, now } = found
      yield* remember(home, found)
      const removed = yield* Remove.remove(
        home,
        () => Using.read(home, now),
        decision.goes,
        inventory.keysOf,
        listener.onRemoved
      )
      yield* Remove.tidyUsing(inUse)
      yield* tidy(home)
      yield* Ledger.measured(home, decision.before - removed.bytes)
      return { ...found, removed }
    })
    // who was silent for so long that another took over leaves the rest to that
    return yield* Effect.raceFirst(work, Effect.zipRight(held.lost, new StoreBusy({ home })))
  }).pipe(Effect.scoped)
