import { Clock, Effect } from "effect"
import { nearest } from "../../artifacts/Explained.ts"
import { newestFirst } from "../../engine/RunName.ts"
import { type RecordUnreadable, type RunRecord, RunRecords } from "../../engine/RunRecord.ts"
import { UsageInvalid } from "../command/Usage.ts"

/** As many letters of a run's id as tell a day's runs from another's. */
const LEAST = 8
const SHOWN = 5

const few = (ids: ReadonlyArray<string>): string =>
  `one of ${ids.slice(0, SHOWN).join(", ")}${ids.length > SHOWN ? ", …" : ""}`

/** Whether a run's id is the one that is meant, or begins so. */
export const begins = (what: string) => (run: string) => run === what || (what.length >= LEAST && run.startsWith(what))

/** The run or sweep whose id this is, or the only one whose id begins so, however long ago it was. */
export const runNamed = (what: string): Effect.Effect<RunRecord, UsageInvalid | RecordUnreadable, RunRecords> =>
  Effect.gen(function* () {
    const records = yield* RunRecords
    const ids = yield* records.ids
    const found = ids.includes(what) ? [what] : ids.filter(begins(what))
    const [first, ...others] = found
    if (first === undefined) {
      const near = nearest(what, ids)
      return yield* new UsageInvalid({
        what: `No run "${what}" is kept`,
        expected: ids.length === 0 ? "a run, and there is none yet" : few(ids),
        fix: near === null ? "See pipeline list." : `Did you mean ${near}?`
      })
    }
    if (others.length > 0)
      return yield* new UsageInvalid({
        what: `"${what}" begins the ids of ${found.length} runs`,
        expected: few(found),
        fix: "Write more of the id."
      })
    const record = yield* records.get(first)
    if (record === null)
      return yield* new UsageInvalid({
        what: `The record of run ${first} is gone: it was there a moment ago`,
        expected: "one that nobody removes meanwhile",
        fix: "Name another run: see pipeline list."
      })
    return record
  })

/** Runs and at most so many sweeps, which are large, the newest first. */
export const runsAndSweeps = (most: number): Effect.Effect<ReadonlyArray<RunRecord>, never, RunRecords> =>
  Effect.gen(function* () {
    const records = yield* RunRecords
    const all = [...(yield* records.list), ...(yield* records.sweeps(most))]
    const now = yield* Clock.currentTimeMillis
    return newestFirst(all, ({ run }) => run, now)
  })

/** A run's id, or the beginning of one, or a pipeline's name for its newest run, however it ended. */
export const runOrNewest = (
  pipelines: ReadonlyArray<string>,
  what: string
): Effect.Effect<RunRecord, UsageInvalid | RecordUnreadable, RunRecords> =>
  Effect.gen(function* () {
    const records = yield* RunRecords
    const [found] = pipelines.includes(what) ? yield* records.find(1, ({ pipeline }) => pipeline === what) : []
    if (found !== undefined) return found
    if (pipelines.includes(what))
      return yield* new UsageInvalid({
        what: `No run of ${what} is kept`,
        expected: "a pipeline that was run, or a run's id",
        fix: `Run it first: pipeline run ${what}.`
      })
    return yield* runNamed(what)
  })
