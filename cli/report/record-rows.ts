import type { NodeRecord, RunRecord } from "../../engine/RunRecord.ts"

/** One set of parameters of a run, and what became of it. */
export interface Row {
  /** The run's id, and the point's number where the run is a sweep. */
  readonly id: string
  readonly run: string
  readonly pipeline: string
  readonly status: RunRecord["status"]
  readonly started: string
  readonly seconds: number
  /** All of them, encoded. */
  readonly params: RunRecord["params"]
  readonly nodes: ReadonlyArray<NodeRecord>
  readonly results: RunRecord["results"]
  readonly git: RunRecord["git"]
  readonly until?: RunRecord["until"]
}

/** A run is one row; a sweep one a point, whose seconds are those of its own nodes, shared ones with them. */
export const rowsOf = (record: RunRecord): ReadonlyArray<Row> => {
  const { run, sweep } = record
  if (sweep === undefined) return [{ ...record, id: run }]
  const byName = new Map(record.nodes.map((node) => [node.node, node]))
  return sweep.points.map(({ params, status, results, nodes: names }, at) => {
    const nodes = names.flatMap((name) => byName.get(name) ?? [])
    const seconds = nodes.reduce((sum, node) => sum + (node.seconds ?? 0), 0)
    const all = { ...record.params, ...params }
    return { ...record, id: `${run}#${at + 1}`, status, seconds, params: all, nodes, results }
  })
}
