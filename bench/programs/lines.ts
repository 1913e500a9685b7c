/**
 * Draws how what a bench measured grows, read as JSON from standard input: a panel for each quantity that grows, of seconds above and of
 * memory below, both axes logarithmic, beside a dotted line of what grows in proportion. Writes FILE.svg and FILE.png; FILE is the argument.
 */
import { colors, config, schema } from "../../images/charts/theme.ts"
import type { Json, VegaLiteSpec } from "../../images/services/Figures.ts"
import { render } from "./render.ts"

interface Measured {
  readonly count: number
  readonly seconds: number
  readonly megabytes: number
}
interface Chart {
  readonly title: string
  readonly subtitle: string
  readonly panels: ReadonlyArray<{
    /** What there is more and more of, such as "nodes of a run". */
    readonly of: string
    readonly lines: ReadonlyArray<{ readonly name: string; readonly measured: ReadonlyArray<Measured> }>
  }>
}

const LINES = [colors.training, colors.validation, colors.third]

type Quantity = "seconds" | "megabytes"
const TITLES: Readonly<Record<Quantity, string>> = { seconds: "seconds", megabytes: "MB, all processes" }

const panel = ({ of, lines }: Chart["panels"][number], quantity: Quantity): Json => {
  const values = lines.flatMap(({ name, measured }) => measured.map((one) => ({ ...one, name })))
  const names = lines.map(({ name }) => name)
  // from the largest of all down, as far as it is in sight
  const top = values.reduce((most, one) => (one[quantity] > most[quantity] ? one : most))
  const least = Math.min(...values.map((one) => one[quantity]))
  const proportional = values
    .filter(({ name }) => name === top.name)
    .map(({ count }) => ({ count, [quantity]: (top[quantity] * count) / top.count }))
    .filter((one) => (one[quantity] ?? 0) >= least)
  const counts = [...new Set(values.map(({ count }) => count))]
  const y = {
    field: quantity,
    type: "quantitative",
    scale: { type: "log" },
    axis: { title: TITLES[quantity], format: "~g" }
  }
  const x = {
    field: "count",
    type: "quantitative",
    scale: { type: "log" },
    axis: { title: of, values: counts, format: "~s" }
  }
  const color = {
    field: "name",
    type: "nominal",
    scale: { domain: names, range: LINES.slice(0, names.length) },
    legend: quantity === "seconds" ? { title: null, orient: "top", labelLimit: 260 } : null
  }
  return {
    width: 250,
    height: 170,
    layer: [
      {
        data: { values: proportional },
        mark: { type: "line", strokeDash: [2, 3], color: colors.muted, strokeWidth: 1 },
        encoding: { x, y }
      },
      { data: { values }, mark: { type: "line", point: { size: 36 } }, encoding: { x, y, color } }
    ]
  }
}

const chart = ({ title, subtitle, panels }: Chart): VegaLiteSpec => ({
  $schema: schema,
  config,
  title: { text: title, subtitle },
  spacing: 26,
  hconcat: panels.map((each) => ({
    spacing: 18,
    vconcat: [panel(each, "seconds"), panel(each, "megabytes")],
    resolve: { scale: { color: "independent" } }
  })),
  resolve: { scale: { color: "independent", x: "independent", y: "independent" } }
})

render(chart)
