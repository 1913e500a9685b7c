import { statSync } from "node:fs"
import * as path from "node:path"
import { Effect } from "effect"
import type { ObjectStore, StoreFailed } from "../../cache/ObjectStore.ts"
import * as Marks from "../../engine/Marks.ts"
import { kindOf, RunRecords } from "../../engine/RunRecord.ts"
import type { Kinds } from "../../kinds/Kinds.ts"
import type * as Views from "../../project/Views.ts"
import { type NoSuchRun, type Query, Refused, type RunList, type RunRow } from "../../ui/Api.ts"
import { differingParams, tellingMetrics } from "../report/differing.ts"
import { filterOf, orderOf } from "./filter.ts"
import { noSuchRun } from "./refusals.ts"
import { rowOf } from "./row.ts"
import * as RowsKept from "./rows-kept.ts"

// All runs of a store in a line each, in memory: records are read once, and by their newest, so that a list is answered from what is known
// while older ones are still read.

type Needs = RunRecords | ObjectStore | Kinds | Views.Current

/** Records that are read side by side. */
const TOGETHER = 16
/** Rows that are worth keeping at once; fewer are kept with the next ones. */
const WORTH_KEEPING = 50
/** Of those that a filter leaves, so many of the first tell in what they differ: all would be looked at for every letter that is typed. */
const MOST_COMPARED = 2000

export interface RunIndex {
  /** Looks whether there are other records than were known, and reads them: many of them while others are told of what is known; whether there are. */
  readonly look: Effect.Effect<boolean, never, Needs>
  readonly list: (query: Query) => Effect.Effect<RunList, Refused>
  readonly get: (run: string) => Effect.Effect<RunRow, NoSuchRun, Needs>
  readonly mark: (run: string, marks: Marks.Marks) => Effect.Effect<RunRow, NoSuchRun | StoreFailed, Needs>
  readonly remove: (run: string) => Effect.Effect<void, NoSuchRun | StoreFailed, Needs>
}

const noSuchColumn = (sort: string) =>
  new Refused({
    what: `There is no column "${sort}"`,
    expected: "one such as started, param:units or metric:testAccuracy",
    fix: "Sort by another."
  })

/** When the folders of records last changed. */
const stampOf = (home: string): string =>
  ["runs", "sweeps"]
    .map((folder) => statSync(path.join(home, folder), { throwIfNoEntry: false })?.mtimeMs ?? 0)
    .join(" ")

/** Parameters in which runs of a pipeline differ: that another pipeline has others says nothing. */
const differing = (rows: ReadonlyArray<RunRow>): ReadonlyArray<string> => {
  const names = [...new Set(rows.map(({ pipeline }) => pipeline))]
  return [...new Set(names.flatMap((name) => differingParams(rows.filter(({ pipeline }) => pipeline === name))))]
}

export const make = (home: string): Effect.Effect<RunIndex> =>
  Effect.gen(function* () {
    const rows = new Map((yield* RowsKept.load(home)).map((kept) => [kept.row.run, kept]))
    let unkept = 0
    const unreadable = new Map<string, string>()
    let said = yield* Marks.all(home)
    let stamp = ""
    /** In the order in which they are read, the newest first. */
    let unread: ReadonlyArray<string> = []

    const marked = (row: RunRow): RunRow => ({ ...row, marks: said.get(row.run) ?? Marks.NONE })

    const readOne = (run: string) =>
      Effect.gen(function* () {
        const records = yield* RunRecords
        const record = yield* records.get(run)
        if (record === null) return
        // before it is looked into: one that is replaced meanwhile is read again
        const stamp = RowsKept.stampOf(home, { run, kind: kindOf(record) })
        if (stamp !== null) rows.set(run, { stamp, row: yield* rowOf(record) })
        unkept += 1
      }).pipe(
        Effect.catchTag("RecordUnreadable", ({ message }) => Effect.sync(() => void unreadable.set(run, message)))
      )

    const read = Effect.gen(function* () {
      while (unread.length > 0) {
        const next = unread.slice(0, TOGETHER)
        yield* Effect.forEach(next, readOne, { concurrency: TOGETHER, discard: true })
        unread = unread.filter((run) => !next.includes(run))
      }
      if (unkept < WORTH_KEEPING) return
      unkept = 0
      yield* RowsKept.save(home, rows.values())
    })

    /** Takes note of records that came and went. */
    const compared = Effect.gen(function* () {
      const now = stampOf(home)
      if (now === stamp) return false
      stamp = now
      const { ids } = yield* RunRecords
      const there = yield* ids
      const isThere = new Set(there)
      // a record that was not whole, or could not be read for the moment, may be by now; one may have taken the place of another
      unreadable.clear()
      for (const [run, kept] of rows)
        if (!isThere.has(run) || RowsKept.stampOf(home, kept.row) !== kept.stamp) rows.delete(run)
      said = yield* Marks.all(home)
      unread = there.filter((run) => !rows.has(run))
      return true
    })
    // of several that look at once each is told of what all of them see
    const looking = yield* Effect.makeSemaphore(1)
    const reading = yield* Effect.makeSemaphore(1)
    const look = Effect.gen(function* () {
      const isOther = yield* looking.withPermits(1)(compared)
      const rest = reading.withPermits(1)(read)
      // few are there as soon as anybody notices, whoever began to read them
      if (unread.length <= TOGETHER) yield* rest
      else if (isOther) yield* Effect.forkDaemon(rest)
      return isOther
    })

    const known = (run: string) =>
      Effect.gen(function* () {
        if (!rows.has(run)) yield* readOne(run)
        const row = rows.get(run)?.row
        return row === undefined ? yield* noSuchRun(run) : marked(row)
      })

    return {
      look,
      list: ({ filter, sort, hidden, from, most }) =>
        Effect.suspend(() => {
          const order = orderOf(sort)
          if (order === null) return Effect.fail(noSuchColumn(sort))
          const isWanted = filterOf(filter)
          const all = [...rows.values()].map(({ row }) => marked(row))
          const found = all.filter((row) => (hidden || !row.marks.hidden) && isWanted(row)).sort(order)
          const compared = found.slice(0, MOST_COMPARED)
          const metrics = compared.map((row) => ({ metrics: new Map(Object.entries(row.metrics)) }))
          return Effect.succeed({
            all: all.length,
            total: found.length,
            rows: found.slice(from, from + most),
            params: differing(compared),
            metrics: tellingMetrics(metrics),
            unreadable: [...unreadable].map(([run, what]) => ({ run, what })),
            unread: unread.length
          })
        }),
      get: known,
      mark: (run, marks) =>
        Effect.gen(function* () {
          yield* known(run)
          yield* Marks.put(home, run, marks)
          said = new Map(said).set(run, marks)
          return yield* known(run)
        }),
      remove: (run) =>
        Effect.gen(function* () {
          const { remove } = yield* RunRecords
          yield* known(run)
          yield* remove(run)
          yield* Marks.put(home, run, Marks.NONE)
          rows.delete(run)
        })
    }
  })
