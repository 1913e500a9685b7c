import type { NodeStatus, RunRecord } from "../../engine/RunRecord.ts"
import { shown } from "../command/option-text.ts"

/** How many of a record's nodes have a status. */
export const countOf =
  ({ nodes }: RunRecord) =>
  (status: NodeStatus): number =>
    nodes.filter((node) => node.status === status).length

/** What programs are told of a run as of a sweep. */
export const aboutRecord = ({ schema, run, pipeline, status, seconds, params, until, git, notices }: RunRecord) => ({
  schema,
  run,
  pipeline,
  status,
  seconds,
  params,
  until: until ?? null,
  git,
  notices: (notices ?? []).map(shown)
})

/** ` until train`, where a run was not of the whole pipeline. */
export const untilText = ({ until }: RunRecord): string => (until === undefined ? "" : ` until ${until.join(", ")}`)
