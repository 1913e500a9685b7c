import { tellingMetrics } from "../../cli/report/differing.ts"
import { numberText, wordsOf } from "../../cli/terminal/numbers.ts"
import type { Live } from "../../engine/Live.ts"
import { Scroll } from "./Scroll.tsx"

/** So many of the best are shown. */
const MOST = 20

/** The points of a sweep, or a tune's trials, that are over: those with the best first number first. */
export const LivePoints = ({ live }: { readonly live: Live }) => {
  if (live.points.size === 0) return null
  const trials = new Map(
    live.rungs.flatMap(({ steps, points }) =>
      points.map(({ trial, point, values }) => [point, { trial, steps, values }] as const)
    )
  )
  const all = [...live.points.values()]
  const metrics = tellingMetrics(all.map((point) => ({ metrics: new Map(Object.entries(point.metrics)) })))
  const goal = metrics.find((name) => /^validationAccuracy$/.test(name)) ?? metrics[0] ?? ""
  const sign = /loss$/i.test(goal) ? 1 : -1
  const ranked = all.sort(
    (a, b) => sign * ((a.metrics[goal] ?? -sign * Infinity) - (b.metrics[goal] ?? -sign * Infinity))
  )
  const names = [...new Set([...trials.values()].flatMap(({ values }) => Object.keys(values)))]
  return (
    <section aria-labelledby="points">
      <h2 id="points">{trials.size > 0 ? "Trials, the best first" : "Points, the best first"}</h2>
      <Scroll label="Points">
        <table>
          <thead>
            <tr>
              <th scope="col">{trials.size > 0 ? "trial" : "point"}</th>
              {trials.size > 0 ? <th scope="col">steps</th> : null}
              {names.map((name) => (
                <th key={name} scope="col">
                  {wordsOf(name)}
                </th>
              ))}
              {metrics.map((name) => (
                <th key={name} scope="col" class="number">
                  {wordsOf(name)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {ranked.slice(0, MOST).map(({ point, metrics: found, error }) => {
              const trial = trials.get(point)
              return (
                <tr key={point}>
                  <td class="name">{(trial?.trial ?? point) + 1}</td>
                  {trials.size > 0 ? <td>{trial?.steps ?? ""}</td> : null}
                  {names.map((name) => (
                    <td key={name}>{trial === undefined ? "" : JSON.stringify(trial.values[name])}</td>
                  ))}
                  {metrics.map((name) => (
                    <td key={name} class="number">
                      {found[name] === undefined
                        ? error === null
                          ? ""
                          : "failed"
                        : numberText(name, found[name] ?? 0)}
                    </td>
                  ))}
                </tr>
              )
            })}
          </tbody>
        </table>
      </Scroll>
      {ranked.length > MOST ? (
        <p class="note">
          The best {MOST} of {ranked.length}.
        </p>
      ) : null}
    </section>
  )
}
