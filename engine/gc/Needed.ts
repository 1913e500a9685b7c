import { Clock, Effect } from "effect"
import type * as Pins from "../../cache/Pins.ts"
import { kindOf, type RunRecord, RunRecords } from "../RunRecord.ts"
import type { Spared } from "./Policy.ts"

// What runs that are kept need, by their records and by pins, and how often results were found.

/** Which runs are kept, beside those that are pinned. */
export interface Keeping {
  /** So many of the newest runs of each pipeline, and as many of its sweeps. */
  readonly last: number
  /** All that began since then, in milliseconds since 1970; null where age is no reason to keep one. */
  readonly since: number | null
}

export interface Needed {
  /** Keys whose results stay, and why. */
  readonly keys: ReadonlyMap<string, Spared>
  /** Runs and sweeps whose records stay. */
  readonly runs: ReadonlyMap<string, Spared>
  /** Keys of which a record that stays tells: their traces stay. */
  readonly told: ReadonlySet<string>
  /** How often each key's result was found by a run or sweep. */
  readonly found: ReadonlyMap<string, number>
  /** The same by run, for whoever removes its record. */
  readonly foundBy: ReadonlyMap<string, ReadonlyArray<string>>
}

/** The nodes that more points of a sweep than one need. */
const sharedNodes = (points: ReadonlyArray<{ readonly nodes: ReadonlyArray<string> }>): ReadonlySet<string> => {
  const [once, shared] = [new Set<string>(), new Set<string>()]
  for (const { nodes } of points) for (const node of nodes) (once.has(node) ? shared : once).add(node)
  return shared
}

const keysOf = ({ nodes, sweep }: RunRecord, isWhole: boolean): ReadonlyArray<string> => {
  // a point's own results are many and seldom read again; what they tell is small, and stays
  const shared = sweep === undefined || isWhole ? null : sharedNodes(sweep.points)
  return nodes.flatMap(({ node, key }) => (key === null || shared?.has(node) === false ? [] : [key]))
}

/** Why a run is kept that is so many runs of its kind behind the newest; null where nothing says so. */
const whyKept = (
  { started, status }: RunRecord,
  { last, since }: Keeping,
  rank: number,
  isNewestDone: boolean
): Spared | null => {
  if (rank === 0 || (status === "done" && isNewestDone)) return "newest run"
  return rank < last || (since !== null && Date.parse(started) >= since) ? "kept run" : null
}

/** Reads all records, the newest first; `onRecord` hears of each. `remembered`: how often results were found by runs whose records are gone. */
export const needed = <R>(
  keeping: Keeping,
  pins: ReadonlyArray<Pins.Pin>,
  remembered: ReadonlyMap<string, number>,
  onRecord: Effect.Effect<void, never, R>
): Effect.Effect<Needed, never, RunRecords | R> =>
  Effect.gen(function* () {
    const records = yield* RunRecords
    const keys = new Map<string, Spared>()
    const runs = new Map<string, Spared>()
    const told = new Set<string>()
    const found = new Map(remembered)
    const foundBy = new Map<string, ReadonlyArray<string>>()
    const keep = (why: Spared, more: Iterable<string>) => {
      for (const key of more) if (why === "pinned" || !keys.has(key)) keys.set(key, why)
    }
    for (const { subject, content } of pins) {
      if (subject._tag === "Run") runs.set(subject.run, "pinned")
      keep("pinned", subject._tag === "Key" ? [subject.key] : (content?.keys ?? []))
    }
    const ranks = new Map<string, number>()
    const isDone = new Set<string>()
    for (const run of yield* records.ids) {
      // one that is damaged says nothing that may be believed
      const record = yield* Effect.orElseSucceed(records.get(run), () => null)
      yield* onRecord
      if (record === null) continue
      const kind = `${record.pipeline} ${kindOf(record)}`
      const rank = ranks.get(kind) ?? 0
      ranks.set(kind, rank + 1)
      const isPinned = runs.get(run) === "pinned"
      const why = isPinned ? "pinned" : whyKept(record, keeping, rank, !isDone.has(kind))
      if (record.status === "done") isDone.add(kind)
      const reused = record.nodes.flatMap(({ key, status }) => (key !== null && status === "reused" ? [key] : []))
      foundBy.set(run, reused)
      for (const key of reused) found.set(key, (found.get(key) ?? 0) + 1)
      if (why === null) continue
      runs.set(run, why)
      const isYoung = keeping.since !== null && Date.parse(record.started) >= keeping.since
      keep(why, keysOf(record, isPinned || isYoung))
      for (const { key } of record.nodes) if (key !== null) told.add(key)
    }
    return { keys, runs, told, found, foundBy }
  })

/** The instant so many milliseconds ago; null where none was asked for. */
export const sinceOf = (age: number | null): Effect.Effect<number | null> =>
  Effect.map(Clock.currentTimeMillis, (now) => (age === null ? null : now - age))
