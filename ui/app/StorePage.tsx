import type { Panel } from "../../cli/report/Chart.ts"
import { drawPanel, SIZE } from "../../cli/report/chart-svg.ts"
import { html } from "../../cli/report/html.ts"
import { formatBytes, formatCount, formatSeconds } from "../../kinds/format.ts"
import type { Store } from "../Api.ts"
import { useAsked } from "./client.ts"
import { Html } from "./Html.tsx"
import { Scroll } from "./Scroll.tsx"
import { useTitle } from "./text.ts"

const GIGA = 1e9
const DAY_MILLIS = 24 * 3_600_000

/** How much of what is there now was there on each day; null where all of it is of one. */
const growthOf = (days: Store["days"]): string | null => {
  const [first] = days
  if (first === undefined || days.length < 2) return null
  let sum = 0
  const values = days.map(({ bytes }) => {
    sum += bytes
    return sum / GIGA
  })
  const epochs = days.map(({ day }) => Math.round((Date.parse(day) - Date.parse(first.day)) / DAY_MILLIS))
  const lines: Panel["lines"] = [{ entry: 0, kind: "training", label: "", epochs, values }]
  const drawn = drawPanel(
    { title: "", unit: "number", lines },
    { bestEpoch: null, entries: [""] },
    `days since ${first.day}`
  )
  const told = `From ${formatBytes(first.bytes)} of ${first.day} to ${formatBytes(sum)} now`
  return html`<div class="panel"><h3>GB of what is there now, by when it was written</h3><svg class="chart" viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img" aria-label="${told}">${drawn}</svg></div>`
    .html
}

/** What lies in the store, by what made it, and what would go. */
export const StorePage = () => {
  const { value, error } = useAsked((client) => client.store(), "store")
  useTitle("Store")
  if (value === null)
    return (
      <section>
        <h1>Store</h1>
        <p role={error === null ? "status" : "alert"}>{error ?? "It is looked at, file by file."}</p>
      </section>
    )
  const { home, bytes, budget, groups, spared, days } = value
  const goes = groups.reduce((sum, group) => sum + group.goes, 0)
  const most = Math.max(1, ...groups.map((group) => group.bytes))
  const growth = growthOf(days)
  return (
    <>
      <section aria-labelledby="store">
        <h1 id="store">Store</h1>
        <p>
          {formatBytes(bytes)}
          {budget === null ? "" : ` of ${formatBytes(budget)} that it may hold`} in <code>{home}</code>
        </p>
        {budget === null ? null : <progress max={budget} value={Math.min(bytes, budget)} aria-label="How full it is" />}
        <p class="note">
          {formatBytes(goes)} could go. <code>pipeline gc --keep-size 0B --dry-run</code> says the same, and what making
          it again takes.{" "}
          {spared.length === 0
            ? ""
            : `Whatever the size, these stay: ${spared.map(({ why, bytes }) => `${formatBytes(bytes)} ${why}`).join(", ")}.`}
        </p>
      </section>
      <section aria-labelledby="groups">
        <h2 id="groups">By what made it</h2>
        <Scroll label="Sizes by stage">
          <table>
            <thead>
              <tr>
                <th scope="col" class="name">
                  stage, or kind of thing
                </th>
                <th scope="col" class="number">
                  size
                </th>
                <th scope="col">
                  <span class="unseen">share</span>
                </th>
                <th scope="col" class="number">
                  files
                </th>
                <th scope="col" class="number">
                  to make again
                </th>
                <th scope="col" class="number">
                  could go
                </th>
              </tr>
            </thead>
            <tbody>
              {groups.map((group) => (
                <tr key={group.group}>
                  <td class="name">{group.group}</td>
                  <td class="number">{formatBytes(group.bytes)}</td>
                  <td>
                    <progress max={most} value={group.bytes} aria-label={`Share of ${group.group}`} />
                  </td>
                  <td class="number">{formatCount(group.files)}</td>
                  <td class="number">{group.seconds === 0 ? "" : formatSeconds(group.seconds)}</td>
                  <td class="number">{group.goes === 0 ? "" : formatBytes(group.goes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      </section>
      {growth === null ? null : (
        <section aria-labelledby="growth">
          <h2 id="growth">Growth</h2>
          <Html html={growth} />
        </section>
      )}
    </>
  )
}
