import { Either } from "effect"
import type { Recorded } from "../../cache/verify/Recorded.ts"
import type { RunRecord } from "../../engine/RunRecord.ts"
import { recordIn } from "../../engine/run-record-disk.ts"

/**
 * What the record of a run says to whoever verifies a store. `results` are its own: those of a sweep's points are many, seldom read again, and
 * the first to go when a store is made smaller.
 */
export const recorded = ({ run, pipeline, nodes, results }: RunRecord): Recorded => ({
  run,
  pipeline,
  nodes,
  results: Object.values(results).map(({ stored }) => stored)
})

/** The same of the run or sweep that is asked for, with the results of all its points. */
export const recordedWhole = (record: RunRecord): Recorded => ({
  ...recorded(record),
  results: [record.results, ...(record.sweep?.points ?? []).map((point) => point.results)].flatMap((all) =>
    Object.values(all).map(({ stored }) => stored)
  )
})

/** The same of a record's text, or what is wrong with it. */
export const recordedIn = (text: string): Either.Either<Recorded, string> => Either.map(recordIn(text), recorded)
