import type { Part, Picture } from "../../project/View.ts"
import { numberText, wordsOf } from "../terminal/numbers.ts"
import type { Chart, Kind } from "./Chart.ts"
import { colourIn, colourOf, dataOf, drawPanel, SIZE } from "./chart-svg.ts"
import { type Html, html } from "./html.ts"
import { isQuality, type Metric } from "./metrics.ts"
import type { Figure, Table } from "./Report.ts"

/** A card with a heading; nothing where there is nothing in it. */
export const section = (id: string, title: string, ...parts: ReadonlyArray<Html | null>): Html | null =>
  parts.every((part) => part === null)
    ? null
    : html`<section aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
${parts}
</section>
`

/** What says how well a run does large, what it counts in a line. */
export const metrics = (all: ReadonlyArray<Metric>): Html | null => {
  const counts = all.filter(({ name }) => !isQuality(name))
  const line = counts.map(({ name, value }) => `${wordsOf(name)} ${numberText(name, value)}`).join(" · ")
  return all.length === 0
    ? null
    : html`<dl class="tiles">${all
        .filter(({ name }) => isQuality(name))
        .map(
          ({ name, value }) =>
            html`<div class="${/^test/.test(name) ? "main" : ""}"><dt>${wordsOf(name)}</dt><dd>${numberText(name, value)}</dd></div>`
        )}</dl>${counts.length === 0 ? null : html`<p class="facts">${line}</p>`}`
}

const swatch = (colour: string): Html =>
  html`<svg class="line ${colour}" width="22" height="10" aria-hidden="true"><path d="M2 5H20"/></svg>`

const key = (of: "entry" | "kind", value: string | number, name: string, isShown: boolean, mark: Html | null): Html =>
  html`<button type="button" class="key" ${{ html: `data-${of}` }}="${value}" aria-pressed="${String(isShown)}">${mark}${name}</button>`

const keys = (chart: Chart): Html => {
  const many = chart.entries.length > 1
  const kinds: ReadonlyArray<Kind> = ["training", "validation"]
  return html`<div class="keys" role="group" aria-label="Curves that are shown">${
    many ? chart.entries.map((name, entry) => key("entry", entry, name, true, swatch(colourOf(entry)))) : null
  }${kinds.map((kind) =>
    key(
      "kind",
      kind,
      chart.kinds[kind],
      !many || kind === "validation",
      many ? null : swatch(colourIn(chart)({ entry: 0, kind }))
    )
  )}${
    chart.entries.length > 3
      ? html`<button type="button" class="action" data-show="all">All</button><button type="button" class="action" data-show="none">None</button>`
      : null
  }</div>`
}

/** Curves with a legend that hides them, and values where they are pointed at. */
export const chart = (chart: Chart): Html => {
  const many = chart.entries.length > 1
  const panels = chart.panels.map(
    (panel) =>
      html`<div class="panel"><h3>${panel.title}</h3><svg class="chart" viewBox="0 0 ${SIZE.width} ${SIZE.height}" tabindex="0" role="img" aria-label="${panel.title} by epoch. Arrow keys tell the values.">${drawPanel(panel, chart)}</svg></div>`
  )
  const best =
    chart.bestEpoch === null
      ? null
      : html`<p class="note">The dashed rule marks the epoch that was kept, ${chart.bestEpoch}.</p>`
  return html`<div data-chart class="${many ? "many" : ""}">${keys(chart)}<div class="panels">${panels}</div>${best}<script type="application/json">${dataOf(chart)}</script></div>`
}

/** `1,000`, `77.4 ± 0.4 %`, `1.2 s`. */
const NUMERIC = /^(mean )?-?[\d,.]+(e[+-]\d+)?( ± [\d,.]+)?( %| ms| s)?( \(n = \d+\))?$/

const textOf = (value: string | number | null): string => {
  if (value === null) return "–"
  if (typeof value === "string") return value
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(5)))
}

/** Columns of numbers are set to the right. */
export const table = (
  { columns, rows }: Pick<Table, "columns" | "rows">,
  caption: string = columns.join(", ")
): Html => {
  const right = columns.map((_, at) =>
    rows.every((row) => row[at] === null || NUMERIC.test(textOf(row[at] ?? null))) ? "number" : ""
  )
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table><thead><tr>${columns.map(
    (column, at) => html`<th scope="col" class="${right[at] ?? ""}">${column}</th>`
  )}</tr></thead><tbody>${rows.map(
    (row) => html`<tr>${row.map((value, at) => html`<td class="${right[at] ?? ""}">${textOf(value)}</td>`)}</tr>`
  )}</tbody></table></div>`
}

/** Tables behind their names: they are long, and looked up. */
export const tables = (all: ReadonlyArray<Table>): Html | null =>
  all.length === 0
    ? null
    : html`${all.map(
        (each) =>
          html`<details ${each.isOpen ? { html: "open" } : null}><summary>${each.name}</summary>${table(each)}${each.note === null ? null : html`<p class="note">${each.note}</p>`}</details>`
      )}`

/** It has no signs to escape, and is long. */
const base64 = (bytes: string | Uint8Array): Html => ({ html: Buffer.from(bytes).toString("base64") })

/** As pictures: what a figure names and does stays its own. */
export const figures = (all: ReadonlyArray<Figure>): Html | null =>
  all.length === 0
    ? null
    : html`<div class="figures">${all.map(
        ({ name, svg }) =>
          html`<figure><img alt="${name}" src="data:image/svg+xml;base64,${base64(svg)}"><figcaption>${name}</figcaption></figure>`
      )}</div>`

const gallery = (pictures: ReadonlyArray<Picture>): Html =>
  html`<ul class="gallery">${pictures.map(
    ({ png, title, caption, text }) =>
      html`<li><img alt="${text}" src="data:image/png;base64,${base64(png)}"><p><strong>${title}</strong><br>${caption}</p></li>`
  )}</ul>`

/** Part of a section that the project draws: nothing of it is taken for HTML. */
export const ownPart = (part: Part): Html | null => {
  if (typeof part === "string") return html`<p>${part}</p>`
  if ("svg" in part) return figures([part])
  if ("pictures" in part) return gallery(part.pictures)
  const columns = part.columns.map(({ header }) => header)
  return html`${part.title === undefined ? null : html`<h3>${part.title}</h3>`}${table({ columns, rows: part.rows })}`
}
