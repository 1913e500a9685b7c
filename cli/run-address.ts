import { Effect } from "effect"
import { type RunRecord, RunRecords } from "../engine/RunRecord.ts"
import { nearest, UsageInvalid } from "./Usage.ts"

/** As many letters of a run's id as tell a day's runs from another's. */
const LEAST = 8
const SHOWN = 5

/** The run whose id this is, or the only one whose id begins so. */
export const runNamed = (records: ReadonlyArray<RunRecord>, what: string): Effect.Effect<RunRecord, UsageInvalid> => {
  const found = records.filter(({ run }) => run === what || (what.length >= LEAST && run.startsWith(what)))
  const [first, ...others] = found
  const ids = records.map(({ run }) => run)
  if (first === undefined) {
    const near = nearest(what, ids)
    return new UsageInvalid({
      what: `No run "${what}" is kept`,
      expected:
        ids.length === 0
          ? "a run, and there is none yet"
          : `one of ${ids.slice(0, SHOWN).join(", ")}${ids.length > SHOWN ? ", …" : ""}`,
      fix: near === null ? "See pipeline list." : `Did you mean ${near}?`
    })
  }
  if (others.length > 0)
    return new UsageInvalid({
      what: `"${what}" begins the ids of ${found.length} runs`,
      expected: `one of ${found
        .slice(0, SHOWN)
        .map(({ run }) => run)
        .join(", ")}${found.length > SHOWN ? ", …" : ""}`,
      fix: "Write more of the id."
    })
  return Effect.succeed(first)
}

/** Runs and at most so many sweeps, which are large, the newest first. */
export const runsAndSweeps = (most: number): Effect.Effect<ReadonlyArray<RunRecord>, never, RunRecords> =>
  Effect.flatMap(RunRecords, (records) =>
    Effect.map(Effect.all([records.list, records.sweeps(most)]), (all) =>
      all.flat().sort((a, b) => (a.run < b.run ? 1 : -1))
    )
  )

const MOST_SWEEPS = 50

/** All runs that may be named, sweeps among them, the newest first. */
export const namable = runsAndSweeps(MOST_SWEEPS)

/** A run's id, or the beginning of one, or a pipeline's name for its newest run, however it ended. */
export const runOrNewest = (
  records: ReadonlyArray<RunRecord>,
  pipelines: ReadonlyArray<string>,
  what: string
): Effect.Effect<RunRecord, UsageInvalid> => {
  const newest = records.find(({ pipeline }) => pipeline === what)
  if (newest !== undefined) return Effect.succeed(newest)
  if (pipelines.includes(what))
    return new UsageInvalid({
      what: `No run of ${what} is kept`,
      expected: "a pipeline that was run, or a run's id",
      fix: `Run it first: pipeline run ${what}.`
    })
  return runNamed(records, what)
}
