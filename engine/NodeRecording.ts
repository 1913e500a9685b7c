import * as Reason from "../cache/Reason.ts"
import { totals } from "../cache/Trace.ts"
import type * as Graph from "./Graph.ts"
import * as NodeKey from "./NodeKey.ts"
import type { NodeRecord, RunRecord } from "./RunRecord.ts"
import type { RunState } from "./RunState.ts"

/** Each result whose node is done, by digest. */
export const resultsOf = (state: Pick<RunState, "outcomes">, results: Graph.Graph["results"]): RunRecord["results"] =>
  Object.fromEntries(
    Object.entries(results).flatMap(([name, address]) => {
      const outcome = state.outcomes.get(address.node)
      const stored = outcome?._tag === "Done" ? outcome.trace.outputs[address.output] : undefined
      return stored === undefined ? [] : [[name, { ...address, stored }]]
    })
  )

/** A streamed node has run when a node that it feeds has. */
const streamedStatus = (state: RunState, entry: Graph.StageEntry): "streamed" | "skipped" => {
  const fed = state.graph.stages.filter(({ node }) =>
    Object.values(node.inputs)
      .flat()
      .some((wire) => state.graph.of(wire.node).name === entry.name)
  )
  const ran = fed.some((child) => {
    if (NodeKey.isStreamed(child.node)) return streamedStatus(state, child) === "streamed"
    const outcome = state.outcomes.get(child.name)
    return outcome?._tag === "Failed" || (outcome?._tag === "Done" && outcome.status === "ran")
  })
  return ran ? "streamed" : "skipped"
}

/** A node of which there is nothing to tell. */
const nothingOf = (entry: Graph.StageEntry) => ({
  node: entry.name,
  stage: entry.node.definition.name,
  key: null,
  seconds: null,
  bytes: null,
  rows: null,
  chunks: null,
  told: null,
  reason: null,
  reasons: [],
  error: null,
  printed: null
})

/** A node that the run was not asked for. */
export const recordUnasked = (entry: Graph.StageEntry): NodeRecord => ({ ...nothingOf(entry), status: "unasked" })

/** What became of a node, for the run's record. */
export const recordNode = (state: RunState, entry: Graph.StageEntry): NodeRecord => {
  const empty = nothingOf(entry)
  if (NodeKey.isStreamed(entry.node)) return { ...empty, status: streamedStatus(state, entry) }
  const outcome = state.outcomes.get(entry.name)
  if (outcome === undefined) {
    const begun = state.begun.get(entry.name)
    if (begun === undefined) return { ...empty, status: "skipped", reason: "the run ended before it" }
    const why = begun.reasons.map(Reason.render).join("; ")
    return {
      ...empty,
      status: "skipped",
      key: begun.key,
      reason: `interrupted while it ran, since ${why}`,
      reasons: begun.reasons
    }
  }
  if (outcome._tag === "Skipped") return { ...empty, status: "skipped", reason: `${outcome.because.join(", ")} failed` }
  const reason = outcome.reasons.length === 0 ? null : outcome.reasons.map(Reason.render).join("; ")
  if (outcome._tag === "Failed")
    return {
      ...empty,
      status: "failed",
      key: outcome.key,
      reason,
      reasons: outcome.reasons,
      error: outcome.error,
      printed: outcome.printed === "" ? null : outcome.printed
    }
  const { trace, status, reasons } = outcome
  const seconds = status === "ran" ? trace.seconds : 0
  return {
    ...empty,
    status,
    key: trace.key,
    seconds,
    ...totals(trace),
    chunks: status === "ran" ? trace.chunks : null,
    told: trace.told ?? null,
    reason,
    reasons
  }
}
