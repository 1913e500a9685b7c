import type { RunRecord } from "../../engine/RunRecord.ts"
import { shown } from "../command/option-text.ts"

/** How many of the nodes of a record, or of a plan, have a status. */
export const countOf =
  <Status extends string>({ nodes }: { readonly nodes: ReadonlyArray<{ readonly status: Status }> }) =>
  (status: Status): number =>
    nodes.filter((node) => node.status === status).length

/** What is told where nothing is, or was, to be computed: of all nodes, or of those that are asked for. */
export const nothingToDo = (isAll: boolean): string =>
  `nothing to do: everything ${isAll ? "" : "that is asked for "}is cached`

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
