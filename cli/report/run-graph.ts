import type { Trace } from "../../cache/Trace.ts"
import * as GraphOf from "../../engine/Graph.ts"
import { type AnyPipeline, decodeParams, graph as graphOf } from "../../engine/Pipeline.ts"
import { unionOf } from "../../engine/Points.ts"
import type { RunRecord } from "../../engine/RunRecord.ts"
import type { Graph, GraphNode } from "./Report.ts"
import { rowsOf } from "./record-rows.ts"

/** Beyond this many nodes a drawing is a wall of boxes. */
export const MOST_DRAWN = 80

export const isDrawable = ({ nodes }: RunRecord): boolean => nodes.length <= MOST_DRAWN

/** The graph that was run; null where the pipeline is gone, or builds another one by now, or it is too large to draw. */
export const graphOfRecord = (pipeline: AnyPipeline | undefined, record: RunRecord): GraphOf.Graph | null => {
  if (pipeline === undefined || !isDrawable(record)) return null
  const points = rowsOf(record).flatMap(({ params }) => {
    const values = decodeParams(pipeline, params)
    return values._tag === "Right" ? [values.right] : []
  })
  const [values] = points
  if (values === undefined) return null
  const part = { again: new Set<string>(), until: record.until === undefined ? null : new Set(record.until) }
  const graph =
    record.sweep === undefined
      ? graphOf(pipeline, values)
      : unionOf(
          pipeline,
          points,
          record.sweep.varied,
          points.map(() => part)
        ).graph
  const names = new Set(graph.stages.map(({ name }) => name))
  return names.size === record.nodes.length && record.nodes.every(({ node }) => names.has(node)) ? graph : null
}

const nodeOf = ({ node, status, seconds, rows, bytes, reason }: RunRecord["nodes"][number]): GraphNode => ({
  name: node,
  status,
  seconds,
  rows,
  bytes,
  reason
})

/** Edges as the traces tell them: what stage's output went into which; streamed nodes are not in them. */
const edgesOfTraces = (traces: ReadonlyMap<string, Trace>): Graph["edges"] =>
  [...traces].flatMap(([to, { labels }]) => {
    const from = Object.values(labels).flatMap((label) => label.split(", ").map((one) => one.replace(/\.[^.]*$/, "")))
    return [...new Set(from)].filter((name) => traces.has(name)).map((name) => ({ from: name, to }))
  })

/** The graph as it is drawn, each node with what became of it. */
export const drawn = (
  graph: GraphOf.Graph | null,
  record: RunRecord,
  traces: ReadonlyMap<string, Trace>
): Graph | null => {
  if (!isDrawable(record)) return null
  const known = new Map(record.nodes.map((node) => [node.node, nodeOf(node)]))
  if (graph === null) return { nodes: [...known.values()], edges: edgesOfTraces(traces) }
  const source = { status: "source" as const, seconds: null, rows: null, bytes: null, reason: null }
  return {
    nodes: graph.entries.map(({ name }) => known.get(name) ?? { name, ...source }),
    edges: graph.entries.flatMap((entry) =>
      GraphOf.parents(graph, entry).map(({ name }) => ({ from: name, to: entry.name }))
    )
  }
}
