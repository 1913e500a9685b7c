import type { Key } from "../../cache/Key.ts"
import type * as Plan from "../../engine/Plan.ts"

/** A node that has a result. */
export interface Kept {
  readonly node: string
  readonly stage: string
  readonly key: Key
}

/** The nodes that have a result. */
export const keptOf = (nodes: ReadonlyArray<Plan.PlannedNode>): ReadonlyArray<Kept> =>
  nodes.flatMap(({ node, stage, status, key }) =>
    status === "reuse" && key !== null ? [{ node, stage, key: key as Key }] : []
  )

/** How many of a plan's nodes have a result, and what to do about the others. */
export const missingText = (pipeline: string, nodes: ReadonlyArray<Plan.PlannedNode>): string => {
  const stored = nodes.filter(({ status }) => status !== "stream")
  const kept = keptOf(nodes).length
  const all = `${kept} of ${stored.length} nodes of ${pipeline} ${kept === 1 ? "has" : "have"} a result`
  return kept === stored.length ? all : `${all}; pipeline run ${pipeline} computes the others`
}
