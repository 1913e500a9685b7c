import { type Chart, epochTicks, extent, type Line, type Panel, ticks } from "./Chart.ts"
import { type Html, html, json } from "./html.ts"

/** Units of the drawing; on a page it is scaled to its column. */
export const SIZE = { width: 460, height: 286, left: 46, right: 14, top: 14, bottom: 38 } as const

/** Colours told apart with any colour vision; entries beyond them are dashed. */
const COLOURS = 8
export const colourOf = (entry: number): string => `c${entry % COLOURS} d${Math.floor(entry / COLOURS) % 4}`

/** Lines have the colour of their entry; where there is one entry, that of their kind. */
export const colourIn =
  ({ entries }: Pick<Chart, "entries">) =>
  ({ entry, kind }: Pick<Line, "entry" | "kind">): string =>
    colourOf(entries.length > 1 ? entry : kind === "training" ? 0 : 1)

/** Where the values of a panel lie in its drawing. */
export interface Scale {
  readonly x: readonly [number, number]
  readonly y: readonly [number, number]
}

const finite = (values: ReadonlyArray<number | null>): ReadonlyArray<number> => values.filter((value) => value !== null)

/** Taken over every line, also those that are not shown: toggling one moves no other. */
export const scaleOf = ({ lines, unit }: Panel): Scale => {
  const x = extent(
    lines.flatMap(({ epochs }) => epochs),
    1
  )
  const [low, high] = extent(
    lines.flatMap(({ values }) => finite(values)),
    unit === "share" ? 0.01 : 0.1
  )
  const room = (high - low) * 0.06
  const top = unit === "share" ? Math.min(1.002, high + room) : high + room
  return { x, y: [Math.max(low >= 0 ? 0 : -Infinity, low - room), Math.max(top, high)] }
}

const round = (value: number) => Number(value.toFixed(1))
const place = (scale: Scale) => ({
  x: (epoch: number) =>
    round(SIZE.left + ((epoch - scale.x[0]) / (scale.x[1] - scale.x[0])) * (SIZE.width - SIZE.left - SIZE.right)),
  y: (value: number) =>
    round(
      SIZE.height -
        SIZE.bottom -
        ((value - scale.y[0]) / (scale.y[1] - scale.y[0])) * (SIZE.height - SIZE.top - SIZE.bottom)
    )
})

/** A number with as many digits as its neighbours on the axis need. */
const axisText = (value: number, unit: Panel["unit"]): string =>
  unit === "share" ? `${Number((value * 100).toPrecision(6))} %` : String(Number(value.toPrecision(6)))

/** Stretches of points without a gap. */
const stretches = ({ epochs, values }: Line): ReadonlyArray<ReadonlyArray<readonly [number, number]>> => {
  const found: Array<Array<readonly [number, number]>> = [[]]
  for (const [at, epoch] of epochs.entries()) {
    const value = values[at]
    if (value == null) found.push([])
    else found.at(-1)?.push([epoch, value])
  }
  return found.filter((stretch) => stretch.length > 0)
}

const drawLine = (line: Line, colour: string, at: ReturnType<typeof place>): Html => {
  const parts = stretches(line)
  const path = parts
    .map((points) => points.map(([x, y], index) => `${index === 0 ? "M" : "L"}${at.x(x)} ${at.y(y)}`).join(""))
    .join("")
  const alone = parts.filter(({ length }) => length === 1).flat()
  const dots = alone.map(([x, y]) => html`<circle cx="${at.x(x)}" cy="${at.y(y)}" r="3.5"/>`)
  return html`<g class="line ${colour} ${line.kind}" data-entry="${line.entry}" data-kind="${line.kind}"><path d="${path}"/>${dots}</g>`
}

/** One panel's axes and lines. `axis`: what its whole numbers count. */
export const drawPanel = (
  panel: Panel,
  { bestEpoch, entries }: Pick<Chart, "bestEpoch" | "entries">,
  axis = "epoch"
): Html => {
  const scale = scaleOf(panel)
  const at = place(scale)
  const right = SIZE.width - SIZE.right
  const bottom = SIZE.height - SIZE.bottom
  const rows = ticks(scale.y[0], scale.y[1], 6).map(
    (value) =>
      html`<line class="grid" x1="${SIZE.left}" x2="${right}" y1="${at.y(value)}" y2="${at.y(value)}"/><text class="tick" x="${SIZE.left - 7}" y="${at.y(value) + 4}" text-anchor="end">${axisText(value, panel.unit)}</text>`
  )
  const epochs = panel.lines.flatMap((line) => line.epochs)
  const shown = epochTicks(Math.min(...extent(epochs, 0)), Math.max(...extent(epochs, 0)), 9)
  const columns = shown.map(
    (epoch) => html`<text class="tick" x="${at.x(epoch)}" y="${bottom + 17}" text-anchor="middle">${epoch}</text>`
  )
  const best =
    bestEpoch === null
      ? null
      : html`<line class="best" x1="${at.x(bestEpoch)}" x2="${at.x(bestEpoch)}" y1="${SIZE.top}" y2="${bottom}"/>`
  return html`${rows}<line class="axis" x1="${SIZE.left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>${columns}<text class="tick title" x="${(SIZE.left + right) / 2}" y="${SIZE.height - 4}" text-anchor="middle">${axis}</text>${best}${panel.lines.map((line) => drawLine(line, colourIn({ entries })(line), at))}`
}

/** What the page's script is told of a panel and its lines. */
export interface PanelData extends Pick<Panel, "unit">, Scale {
  readonly lines: ReadonlyArray<LineData>
}
export interface LineData extends Line {
  readonly colour: string
}

const exact = (values: ReadonlyArray<number | null>) =>
  values.map((value) => (value === null ? null : Number(value.toPrecision(6))))

/** The chart's values, for the page's script. */
export const dataOf = ({ panels, entries }: Chart): Html =>
  json({
    size: SIZE,
    panels: panels.map((panel) => ({
      unit: panel.unit,
      ...scaleOf(panel),
      lines: panel.lines.map((line) => ({ ...line, colour: colourIn({ entries })(line), values: exact(line.values) }))
    }))
  })
