import { Effect, Either } from "effect"
import type { Stored } from "../../artifacts/Artifact.ts"
import * as EventLoop from "../../artifacts/EventLoop.ts"
import type { Find, Maker } from "./Finding.ts"
import * as Reading from "./Reading.ts"
import type { Placed, There } from "./There.ts"

/** What the record of a run says, as far as verifying asks. */
export interface Recorded {
  readonly run: string
  readonly pipeline: string
  readonly nodes: ReadonlyArray<{
    readonly node: string
    readonly stage: string
    readonly key: string | null
    readonly seconds: number | null
  }>
  readonly results: ReadonlyArray<Stored>
}

/** Reads the text of a record, or says what is wrong with it by a clause. */
export type ReadRecord = (text: string) => Either.Either<Recorded, string>

const MOST_BYTES = 256 * 1024 * 1024

/** Reads the records, or the one that is asked for, and gives those that can be read. */
export const check = (
  recordIn: ReadRecord,
  alone: Recorded | null,
  { records }: There,
  find: Find
): Effect.Effect<ReadonlyArray<Recorded>> =>
  Effect.gen(function* () {
    const read: Array<Recorded> = []
    for (const { content, file, bytes } of records) {
      if (alone !== null && content.run !== alone.run) continue
      yield* EventLoop.turn
      const found = yield* Reading.small(file, MOST_BYTES, (text) =>
        Either.mapLeft(recordIn(text), Reading.corrupt).pipe(
          Either.filterOrLeft(
            ({ run }) => run === content.run,
            ({ run }) => Reading.corrupt(`it is that of another run, ${run}`)
          )
        )
      )
      if (found === null) continue
      if (Either.isRight(found)) read.push(found.right.value)
      else yield* find({ ...found.left, what: "record", name: content.run, file, bytes, makers: [] })
    }
    return read
  })

/** The runs whose results somebody counts on: those of the run that is asked for, else of the newest run of each pipeline. */
export const newest = (alone: Recorded | null, records: ReadonlyArray<Recorded>): ReadonlyArray<Recorded> => {
  if (alone !== null) return [alone]
  const found = new Map<string, Recorded>()
  // their names sort by time
  for (const record of [...records].sort((a, b) => (a.run < b.run ? -1 : 1)))
    if (record.results.length > 0) found.set(record.pipeline, record)
  return [...found.values()]
}

/** Who computed a key, as the records of runs tell: its own trace is damaged. */
export const makersOf = (
  records: ReadonlyArray<Recorded>,
  { stage, key }: Placed<"Trace">["content"]
): ReadonlyArray<Maker> => {
  const found = new Map<string, Maker>()
  // one that was reused says how long that took: nothing
  for (const { pipeline, nodes } of records)
    for (const { node, key: own, seconds } of nodes)
      if (own === key && (seconds ?? 0) > (found.get(key)?.seconds ?? -1))
        found.set(key, { pipeline, node, stage, key, seconds, share: seconds })
  return [...found.values()]
}
