import { Either } from "effect"
import type { Recorded } from "../../cache/verify/Recorded.ts"
import type { RunRecord } from "../../engine/RunRecord.ts"
import { recordIn } from "../../engine/run-record-disk.ts"

/** What the record of a run, or of a sweep with all its points, says to whoever verifies a store. */
export const recorded = ({ run, pipeline, nodes, results, sweep }: RunRecord): Recorded => ({
  run,
  pipeline,
  nodes,
  results: [results, ...(sweep?.points ?? []).map((point) => point.results)].flatMap((all) =>
    Object.values(all).map(({ stored }) => stored)
  )
})

/** The same of a record's text, or what is wrong with it. */
export const recordedIn = (text: string): Either.Either<Recorded, string> => Either.map(recordIn(text), recorded)
