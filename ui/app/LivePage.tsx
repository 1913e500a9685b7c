import { useContext } from "preact/hooks"
import * as Text from "../../artifacts/Text.ts"
import { asOption } from "../../cli/command/option-text.ts"
import { drawGraph } from "../../cli/report/dag.ts"
import type { Graph } from "../../cli/report/Report.ts"
import { chart } from "../../cli/report/sections.ts"
import type { Live, LiveNode } from "../../engine/Live.ts"
import { formatBytes, formatCounted, formatSeconds } from "../../kinds/format.ts"
import type { Going } from "../Api.ts"
import { nodesText } from "./GoingCards.tsx"
import { Html } from "./Html.tsx"
import { LivePoints } from "./LivePoints.tsx"
import { chartOf } from "./live-curves.ts"
import { NodeProgress } from "./NodeProgress.tsx"
import { goesOn, ToldContext, type Watched } from "./runs-live.ts"
import { Scroll } from "./Scroll.tsx"
import { moment, useTitle } from "./text.ts"
import { useNow } from "./use-now.ts"

/** The graph as it would stand in the report, with what is known of each node now. */
const graphOf = ({ graph }: Going, { nodes }: Live): Graph | null =>
  graph === null
    ? null
    : {
        edges: graph.edges,
        nodes: graph.nodes.map(({ name, isSource }) => {
          const node = nodes.get(name)
          return {
            name,
            status: isSource ? "source" : (node?.status ?? "planned"),
            seconds: node?.settled?.seconds ?? null,
            rows: node?.settled?.rows ?? null,
            bytes: node?.settled?.bytes ?? null,
            reason: node === undefined || node.reasons.length === 0 ? null : node.reasons.join("; ")
          }
        })
      }

const settledText = ({ settled, status, by, since }: LiveNode, now: number): string => {
  const where = by === null ? "" : `, by ${by}`
  if (settled?.status === "ran" && settled.seconds !== null) {
    const size = [
      ...(settled.rows === null ? [] : [formatCounted(settled.rows, "row")]),
      ...(settled.bytes === null ? [] : [formatBytes(settled.bytes)])
    ].join(", ")
    return `ran, ${formatSeconds(settled.seconds)}${size === "" ? "" : ` (${size})`}${where}`
  }
  if (status === "reused") return "cached"
  if (status === "waiting") return "somebody else computes the same"
  if (status === "running" && since !== null) return `runs, ${formatSeconds((now - since) / 1000)}${where}`
  return status
}

/** A sweep has thousands: those that run and failed come first. */
const MOST_NODES = 60
const RANK: Readonly<Record<LiveNode["status"], number>> = {
  running: 0,
  failed: 1,
  waiting: 2,
  ran: 3,
  reused: 4,
  skipped: 5
}

const Nodes = ({ live, now }: { readonly live: Live; readonly now: number }) => {
  const all = [...live.nodes].sort(([, a], [, b]) => RANK[a.status] - RANK[b.status])
  const shown = live.planned !== null && live.planned.nodes.length > 0 ? [...live.nodes] : all.slice(0, MOST_NODES)
  return (
    <Scroll label="Nodes">
      <table>
        <thead>
          <tr>
            <th scope="col">node</th>
            <th scope="col">status</th>
            <th scope="col">how far</th>
            <th scope="col">why</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(([name, node]) => (
            <tr key={name}>
              <td class="name">{name}</td>
              <td>{settledText(node, now)}</td>
              <td>{node.status === "running" ? <NodeProgress name={name} node={node} now={now} /> : null}</td>
              <td>
                {node.settled?.error == null ? node.reasons.join("; ") : Text.show(node.settled.error.what, asOption)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {all.length > shown.length ? (
        <p class="note">and {formatCounted(all.length - shown.length, "node")} more</p>
      ) : null}
    </Scroll>
  )
}

/** How a run that was watched ended. */
const Ending = ({ run, over }: Watched) => {
  if (over === null) return null
  if (over.status === "done")
    return (
      <p class="fit" role="status">
        It is done: <a href={`/runs/${run}`}>its report</a>.
      </p>
    )
  return (
    <p class="notice" role="alert">
      {over.status === null ? "Its process is gone, and left no record yet." : `It is over: ${over.status}.`}{" "}
      {over.error} {over.status === null ? null : <a href={`/runs/${run}`}>What its record says</a>}
    </p>
  )
}

/** A run that goes on, or did until a moment ago. */
export const LivePage = ({ run = "" }: { readonly run?: string }) => {
  const told = useContext(ToldContext)
  const watched = told.watched.get(run)
  useTitle(`${watched?.going?.pipeline ?? "Run"} ${run}`)
  const isOn = watched !== undefined && goesOn(watched)
  const now = useNow(isOn)
  const curves = watched === undefined ? null : chartOf(watched.live)
  const curvesHtml = curves === null ? "" : chart(curves).html
  const graph = watched?.going == null ? null : graphOf(watched.going, watched.live)
  const graphHtml = graph === null ? "" : drawGraph(graph).html
  const warnings = (watched?.live.warnings ?? []).map(({ message }) => Text.show(message, asOption))
  if (watched === undefined)
    return (
      <section>
        <h1>Run {run}</h1>
        {told.isHeard ? (
          <p>
            It does not go on now. <a href={`/runs/${run}`}>What its record says</a>.
          </p>
        ) : (
          <p role="status">It is looked for.</p>
        )}
      </section>
    )
  const { going, live } = watched
  return (
    <>
      <header>
        <div class="top">
          <h1>{going?.pipeline ?? `Run ${run}`}</h1>
          <span class={`badge ${watched.over?.status ?? ""}`}>
            {isOn ? "goes on" : (watched.over?.status ?? "over")}
          </span>
        </div>
        <p class="facts">
          run {run}
          {going === null
            ? ""
            : ` · ${moment(going.started)} · ${isOn ? `${formatSeconds((now - Date.parse(going.started)) / 1000)}, ` : ""}${nodesText(live)} · process ${going.by}`}
        </p>
      </header>
      <Ending {...watched} />
      {warnings.length === 0 ? null : (
        <div class="notice">
          {warnings.map((message, at) => (
            <p key={at}>{message}</p>
          ))}
        </div>
      )}
      {curvesHtml === "" ? null : (
        <section aria-labelledby="curves">
          <h2 id="curves">Learning curves</h2>
          <Html html={curvesHtml} />
        </section>
      )}
      <LivePoints live={live} />
      {graphHtml === "" ? null : (
        <section aria-labelledby="graph">
          <h2 id="graph">Graph</h2>
          <Html
            html={`<div class="stage"><div class="scroll" tabindex="0" role="region" aria-label="The graph">${graphHtml}</div></div>`}
          />
        </section>
      )}
      <section aria-labelledby="nodes">
        <h2 id="nodes">Nodes</h2>
        <Nodes live={live} now={now} />
      </section>
    </>
  )
}
