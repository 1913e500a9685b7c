import type { Live } from "../../engine/Live.ts"
import { formatCount, formatSeconds } from "../../kinds/format.ts"
import { NodeProgress } from "./NodeProgress.tsx"
import { goesOn, type Watched } from "./runs-live.ts"
import { useNow } from "./use-now.ts"

/** How many of a run's nodes are over, in words. */
export const nodesText = ({ planned, nodes, points }: Live): string => {
  if (planned?.points != null) return `${formatCount(points.size)} of ${formatCount(planned.points)} points`
  if (points.size > 0) return `${formatCount(points.size)} trials at their rungs`
  const over = [...nodes.values()].filter(({ settled }) => settled !== null).length
  return `${formatCount(over)} of ${formatCount(Math.max(nodes.size, planned?.nodes.length ?? 0))} nodes`
}

/** The runs that go on, in whatever terminal they were started. */
export const GoingCards = ({ watched }: { readonly watched: ReadonlyMap<string, Watched> }) => {
  const going = [...watched.values()].filter(goesOn)
  const now = useNow(going.length > 0)
  if (going.length === 0) return null
  return (
    <section aria-labelledby="going">
      <h2 id="going">Now</h2>
      <ul class="going">
        {going.map(({ run, going, live }) => {
          const running = [...live.nodes].filter(([, { status }]) => status === "running")
          return (
            <li key={run}>
              <a href={`/live/${run}`}>
                {going?.pipeline} <span class="badge">{going?.kind}</span>
              </a>
              <span class="facts">
                {nodesText(live)}, {formatSeconds((now - Date.parse(going?.started ?? "")) / 1000)}
              </span>
              {running.slice(0, 4).map(([name, node]) => (
                <div key={name} class="running">
                  <span>{name}</span>
                  <NodeProgress name={name} node={node} now={now} />
                </div>
              ))}
            </li>
          )
        })}
      </ul>
    </section>
  )
}
