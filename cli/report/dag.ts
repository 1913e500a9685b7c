import { formatBytes, formatCounted, formatSeconds, truncate } from "../../kinds/format.ts"
import { type Layout, layout, type Placed } from "./dag-layout.ts"
import { type Html, html } from "./html.ts"
import type { Graph, GraphNode } from "./Report.ts"

const BOX = { width: 158, height: 54 } as const
const STEP = { x: BOX.width + 30, y: BOX.height + 16 } as const
const MARGIN = 6
/** Letters that fit into a box; its ends are round where it is a source. */
const LETTERS = { stage: 18, source: 15 } as const

const center = ({ layer, row }: Placed): readonly [x: number, y: number] => [
  MARGIN + layer * STEP.x + BOX.width / 2,
  MARGIN + row * STEP.y - (STEP.y - BOX.height) / 2
]

/** Names as a node's stage and what tells it from its siblings. */
const split = (name: string): readonly [stage: string, rest: string] => {
  const at = name.indexOf("[")
  return at < 0 ? [name, ""] : [name.slice(0, at), name.slice(at)]
}

const size = ({ rows, bytes }: GraphNode): string =>
  [rows === null ? [] : [formatCounted(rows, "row")], bytes === null ? [] : [formatBytes(bytes)]].flat().join(", ")

/** What a node says when it is pointed at. */
export const noteOf = (node: GraphNode): string => {
  const did = {
    source: "A source: its content is part of the keys of what uses it",
    ran: `Ran in ${formatSeconds(node.seconds ?? 0)}`,
    reused: "Reused: a result was kept under the same key",
    streamed: "Streamed: made for the nodes that use it, and not kept",
    failed: "Failed",
    skipped: node.reason === null ? "Not needed: every node that it feeds was reused" : "Not reached",
    running: "Computed now",
    waiting: "Waits for somebody else, who computes the same",
    planned: "Its turn has not come",
    unasked: "Not asked for: the run was until other nodes, which do not need it"
  }[node.status]
  const why = node.reason === null ? "" : node.status === "ran" ? `, since ${node.reason}` : `: ${node.reason}`
  return `${did}${why}.${size(node) === "" ? "" : ` ${size(node)}.`}`
}

export const statusText = ({ status, seconds, reason }: GraphNode): string => {
  if (status === "ran" && seconds !== null) return `ran, ${formatSeconds(seconds)}`
  if (status === "unasked") return "not asked for"
  // streamed for nobody, since nobody ran; a node behind a failure has a reason
  return status === "skipped" && reason === null ? "not needed" : status
}

const drawNode = (node: GraphNode, placed: Placed): Html => {
  const [x, y] = center(placed)
  const [left, top] = [x - BOX.width / 2, y - BOX.height / 2]
  const [stage, rest] = split(node.name)
  const lines = rest === "" ? [stage] : [stage, rest]
  const first = rest === "" ? 23 : 17
  const texts = lines.map(
    (line, index) =>
      html`<text class="${index === 0 ? "name" : "rest"}" x="12" y="${first + index * 13}">${truncate(line, node.status === "source" ? LETTERS.source : LETTERS.stage)}</text>`
  )
  return html`<g class="node ${node.status}" data-node="${node.name}" tabindex="0" role="img" aria-label="${node.name}: ${noteOf(node)}" transform="translate(${left} ${top})"><title>${node.name}
${noteOf(node)}</title><rect width="${BOX.width}" height="${BOX.height}" rx="${node.status === "source" ? BOX.height / 2 : 7}"/>${node.status === "source" ? null : html`<path class="mark" d="M7 0.5h-0.5a6 6 0 0 0 -6 6v${BOX.height - 13}a6 6 0 0 0 6 6h0.5z"/>`}${texts}<text class="status" x="12" y="${first + lines.length * 13 + 3}">${statusText(node)}</text></g>`
}

const drawEdge = (from: Placed, bends: ReadonlyArray<Placed>, to: Placed): Html => {
  const half = BOX.width / 2
  const [startX, startY] = center(from)
  let path = `M${startX + half} ${startY}`
  let [x, y] = [startX + half, startY]
  const curve = (toX: number, toY: number) => {
    const middle = (x + toX) / 2
    path += `C${middle} ${y} ${middle} ${toY} ${toX} ${toY}`
    ;[x, y] = [toX, toY]
  }
  for (const bend of bends) {
    const [bendX, bendY] = center(bend)
    curve(bendX - half, bendY)
    path += `H${bendX + half}`
    x = bendX + half
  }
  const [endX, endY] = center(to)
  curve(endX - half, endY)
  return html`<path class="edge" d="${path}"/>`
}

const drawEdges = ({ nodes, bends }: Layout): ReadonlyArray<Html> =>
  [...bends].flatMap(([edge, way]) => {
    const [from, to] = [nodes.get(edge.from), nodes.get(edge.to)]
    return from === undefined || to === undefined ? [] : [drawEdge(from, way, to)]
  })

/** The graph, left to right, each node with what became of it; pointing at one tells why. */
export const drawGraph = (graph: Graph): Html => {
  const placed = layout(
    graph.nodes.map(({ name }) => name),
    graph.edges
  )
  const width = placed.layers * STEP.x - (STEP.x - BOX.width) + 2 * MARGIN
  const height = Math.ceil(placed.rows * STEP.y - (STEP.y - BOX.height) + 2 * MARGIN)
  const nodes = graph.nodes.map((node) => {
    const at = placed.nodes.get(node.name)
    return at === undefined ? null : drawNode(node, at)
  })
  return html`<svg class="graph ${width > 900 ? "wide" : ""}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="group" aria-label="The graph">${drawEdges(placed)}${nodes}</svg>`
}
