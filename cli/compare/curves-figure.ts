import { truncate } from "../../kinds/format.ts"
import { lightColours } from "../../kinds/page-style.ts"
import type { Chart } from "../report/Chart.ts"
import { colourOf, drawPanel, SIZE } from "../report/chart-svg.ts"
import { html } from "../report/html.ts"

const fontFamily = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif"
const MARGIN = 20
const GAP = 30
const LEGEND = 20
/** Letters that a legend's line has room for. */
const LETTERS = 130

const sheet = [
  `text{font-family:${fontFamily};font-size:11px;fill:#5d6975}`,
  ".heading{font-size:15px;font-weight:bold;fill:#1b232c}.panel{font-size:12px;font-weight:bold;fill:#1b232c}.entry{fill:#37424e}",
  ".grid{stroke:#e9edf1}.axis{stroke:#cbd2d9}.line path{fill:none;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}",
  ...lightColours.map((colour, at) => `.c${at} path{stroke:${colour}}.c${at} circle{fill:${colour}}`),
  ".d1 path{stroke-dasharray:7 4}.d2 path{stroke-dasharray:2 4}.d3 path{stroke-dasharray:9 3 2 3}"
].join("")

/** The curves of the rows that choose the epoch, as a picture of its own: on white, with its text as text. */
export const curvesFigure = (title: string, chart: Chart): string => {
  const panels = chart.panels.map((panel) => ({
    ...panel,
    lines: panel.lines.filter(({ kind }) => kind === "validation")
  }))
  const width = 2 * MARGIN + panels.length * SIZE.width + (panels.length - 1) * GAP
  const top = MARGIN + 50
  const legend = top + SIZE.height + 26
  const height = legend + chart.entries.length * LEGEND + MARGIN - 8
  const drawn = panels.map(
    (panel, at) =>
      html`<g transform="translate(${MARGIN + at * (SIZE.width + GAP)} ${top})"><text class="panel" x="${SIZE.left}" y="-4">${panel.title}, ${chart.kinds.validation}</text>${drawPanel(panel, chart)}</g>`
  )
  const entries = chart.entries.map(
    (name, at) =>
      html`<g transform="translate(${MARGIN + SIZE.left} ${legend + at * LEGEND})"><g class="line ${colourOf(at)}"><path d="M0 -4H26"/></g><text class="entry" x="36" y="0">${truncate(name, LETTERS)}</text></g>`
  )
  return html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><style>${{ html: sheet }}</style><rect width="${width}" height="${height}" fill="#fff"/><text class="heading" x="${MARGIN + SIZE.left}" y="${MARGIN + 14}">${title}</text>${drawn}${entries}</svg>
`.html
}
