import * as Graph from "./Graph.ts"

/** Names of the stored nodes that are enough: they and what they need are asked for. Null where all of a pipeline is. */
export type Until = ReadonlySet<string> | null

/**
 * The part of a graph that some of its nodes are made of. They keep their names, and so their keys: what is made for the
 * part is found by a run of the whole.
 */
export const part = (graph: Graph.Graph, until: Until): Graph.Graph => {
  if (until === null) return graph
  const needed = Graph.closure(
    graph,
    graph.stages.filter(({ name }) => until.has(name))
  )
  const names = new Set([...needed].map(({ name }) => name))
  return {
    ...graph,
    entries: graph.entries.filter((entry) => needed.has(entry)),
    stages: graph.stages.filter((entry) => needed.has(entry)),
    results: Object.fromEntries(Object.entries(graph.results).filter(([, { node }]) => names.has(node)))
  }
}
