/** A point of a chart, in the units of its axes. */
export interface Point {
  readonly x: number
  readonly y: number
  readonly series: string
}

/** What a scatter chart shows: points of a few series, and the line on which both axes say the same. */
export interface Scatter {
  readonly title: string
  readonly xLabel: string
  readonly yLabel: string
  /** A colour a series, in the order of the legend. */
  readonly colours: Readonly<Record<string, string>>
  readonly points: ReadonlyArray<Point>
}

const SIZE = 480
const MARGIN = 56
const RADIUS = 3
const TICKS = 5

const escaped = (text: string) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)

/** The least of 1, 2 and 5 times a power of ten that makes no more than `TICKS` steps up to `most`. */
const stepTo = (most: number): number => {
  const power = 10 ** Math.floor(Math.log10(most / TICKS))
  return power * ([1, 2, 5].find((times) => most <= times * power * TICKS) ?? 10)
}

/** A square SVG with equal axes from 0. */
export const scatter = ({ title, xLabel, yLabel, colours, points }: Scatter): string => {
  const most = points.reduce((max, { x, y }) => Math.max(max, x, y), 1)
  const step = stepTo(most)
  const end = Math.ceil(most / step) * step
  // a hundredth of a pixel: shorter, and the same text wherever it is drawn
  const along = (value: number) => Number((MARGIN + (Math.max(0, value) / end) * (SIZE - 2 * MARGIN)).toFixed(2))
  const up = (value: number) => Number((SIZE - along(value)).toFixed(2))
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, at) => at * step)
  const text = (x: number, y: number, anchor: string, content: string, more = "") =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}"${more}>${escaped(content)}</text>`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${SIZE}" height="${SIZE}" viewBox="0 0 ${SIZE} ${SIZE}" font-family="sans-serif" font-size="12" fill="#333">`,
    `<rect width="${SIZE}" height="${SIZE}" fill="#fff"/>`,
    text(SIZE / 2, 24, "middle", title, ' font-size="15"'),
    ...ticks.flatMap((tick) => [
      `<path d="M${along(tick)} ${up(0)}V${up(end)}M${along(0)} ${up(tick)}H${along(end)}" stroke="#e4e4e4"/>`,
      text(along(tick), up(0) + 16, "middle", String(tick)),
      text(along(0) - 6, up(tick) + 4, "end", String(tick))
    ]),
    text(SIZE / 2, SIZE - 14, "middle", xLabel),
    text(14, SIZE / 2, "middle", yLabel, ` transform="rotate(-90 14 ${SIZE / 2})"`),
    `<path d="M${along(0)} ${up(0)}L${along(end)} ${up(end)}" stroke="#888" stroke-dasharray="4 4"/>`,
    ...points.map(
      ({ x, y, series }) =>
        `<circle cx="${along(x)}" cy="${up(y)}" r="${RADIUS}" fill="${colours[series] ?? "#333"}" fill-opacity="0.6"/>`
    ),
    ...Object.entries(colours).map(([series, colour], at) =>
      text(MARGIN + 10, MARGIN + 16 + at * 16, "start", series, ` fill="${colour}"`)
    ),
    "</svg>"
  ].join("\n")
}
