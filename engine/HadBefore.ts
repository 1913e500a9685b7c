import { Effect } from "effect"
import { type RunRecord, RunRecords } from "./RunRecord.ts"

/** Which results the newest runs had. */
export interface HadBefore {
  /** The newest run that had the result of a key. */
  readonly runs: ReadonlyMap<string, string>
  /** The keys of a node's results, by its pipeline and its name. */
  readonly keys: ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>
}

const gathered = (records: ReadonlyArray<RunRecord>): HadBefore => {
  const runs = new Map<string, string>()
  const keys = new Map<string, Map<string, Set<string>>>()
  for (const { pipeline, nodes, run } of records) {
    const byNode = keys.get(pipeline) ?? new Map<string, Set<string>>()
    keys.set(pipeline, byNode)
    for (const { node, status, key } of nodes) {
      if (key === null || (status !== "ran" && status !== "reused")) continue
      // the newest stand first
      if (!runs.has(key)) runs.set(key, run)
      const own = byNode.get(node)
      if (own === undefined) byNode.set(node, new Set([key]))
      else own.add(key)
    }
  }
  return { runs, keys }
}

/** Those of lists that were read once for a run or a plan: each of ten thousand nodes asks, of as many in each record. */
const known = new WeakMap<ReadonlyArray<RunRecord>, HadBefore>()

/** What the records tell of earlier results. */
export const asked: Effect.Effect<HadBefore, never, RunRecords> = Effect.gen(function* () {
  const records = yield* Effect.flatMap(RunRecords, (all) => all.list)
  const before = known.get(records) ?? gathered(records)
  known.set(records, before)
  return before
})
