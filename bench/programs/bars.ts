/**
 * Draws what a bench measured, read as JSON from standard input: panels of bars, the median of each with the extent of its
 * samples. Writes FILE.svg and FILE.png; FILE is the argument.
 */
import { colors, config, schema } from "../../images/charts/theme.ts"
import type { Json, VegaLiteSpec } from "../../images/services/Figures.ts"
import { render } from "./render.ts"

interface Bar {
  readonly name: string
  readonly median: number
  readonly min: number
  readonly max: number
  /** Ours, beside the peers'. */
  readonly ours: boolean
}
interface Chart {
  readonly title: string
  readonly subtitle: string
  /** What the axis counts, such as "images a second". */
  readonly unit: string
  readonly panels: ReadonlyArray<{ readonly title: string; readonly bars: ReadonlyArray<Bar> }>
}

const text = (value: number): string =>
  value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0)

const panel = (unit: string, { title, bars }: Chart["panels"][number], last: boolean): Json => {
  const end = Math.max(...bars.map(({ max }) => max))
  const y = {
    field: "name",
    type: "nominal",
    sort: null,
    axis: { title: null, ticks: false, domain: false, labelLimit: 240 }
  }
  return {
    title: { text: title, fontSize: 12, offset: 8 },
    width: 420,
    height: { step: 24 },
    data: { values: bars.map((bar) => ({ ...bar, text: text(bar.median) })) },
    encoding: { y },
    layer: [
      {
        mark: { type: "bar", height: 15 },
        encoding: {
          x: {
            field: "median",
            type: "quantitative",
            scale: { domain: [0, end * 1.15], nice: false },
            axis: { title: last ? unit : null, tickCount: 5, labelFlush: false }
          },
          color: {
            field: "ours",
            type: "nominal",
            scale: { domain: [true, false], range: [colors.training, colors.line] },
            legend: null
          }
        }
      },
      {
        mark: { type: "rule", color: colors.ink, strokeWidth: 1.5 },
        encoding: { x: { field: "min", type: "quantitative" }, x2: { field: "max" } }
      },
      {
        mark: { type: "text", align: "left", dx: 6, fontSize: 11, color: colors.text },
        encoding: { x: { field: "max", type: "quantitative" }, text: { field: "text" } }
      }
    ]
  }
}

const chart = ({ title, subtitle, unit, panels }: Chart): VegaLiteSpec => ({
  $schema: schema,
  config,
  title: { text: title, subtitle },
  spacing: 22,
  vconcat: panels.map((each, index) => panel(unit, each, index === panels.length - 1)),
  resolve: { scale: { x: "independent", y: "independent" } }
})

render(chart)
