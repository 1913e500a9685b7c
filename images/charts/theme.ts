/**
 * What all charts look like: their colours, letters and grid.
 *
 * @module
 */
import { fontFamily, type VegaLiteSpec } from "../services/Figures.ts"

/** The version of Vega-Lite whose specifications these are, as `$schema` says it. */
export const schema = "https://vega.github.io/schema/vega-lite/v6.json"

/** Blue, vermilion and green are Okabe and Ito's: told apart with any colour vision, and by their lightness in print. */
export const colors = {
  ink: "#1f2933",
  text: "#3e4c59",
  muted: "#7b8794",
  grid: "#e9edf1",
  line: "#cbd2d9",
  paper: "#ffffff",
  training: "#0072b2",
  validation: "#d55e00",
  third: "#009e73"
} as const

/** Light to dark in one hue, so that lightness alone tells the shares apart. */
export const ramp = { domain: [0, 0.25, 1], range: ["#f2f6fb", "#85b5dd", "#08306b"] } as const

/** Light to dark through hues that are told apart side by side: orange, red, purple, blue, teal, black. */
const stops = ["#f5a623", "#e4572e", "#c2185b", "#7b2fb5", "#2563d9", "#0b7a75", "#111d2b"] as const

/** Colours for things in an order, interpolated between `stops` in RGB. */
export const sequence = (count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => {
    const at = count === 1 ? 4 : (index / (count - 1)) * (stops.length - 1)
    const channels = (stop: number) => Buffer.from((stops[stop] ?? stops[6]).slice(1), "hex")
    const [from, to] = [channels(Math.floor(at)), channels(Math.ceil(at))]
    const mixed = from.map((value, channel) => Math.round(value + (at % 1) * ((to[channel] ?? 0) - value)))
    return `#${Buffer.from(mixed).toString("hex")}`
  })

/** What every chart shares. Sizes in pixels. */
export const config = {
  font: fontFamily,
  background: colors.paper,
  padding: 20,
  view: { stroke: null },
  title: {
    anchor: "start",
    color: colors.ink,
    fontSize: 15,
    fontWeight: "bold",
    offset: 14,
    subtitleColor: colors.muted,
    subtitleFontSize: 11,
    subtitlePadding: 5
  },
  axis: {
    domainColor: colors.line,
    gridColor: colors.grid,
    labelColor: colors.text,
    labelFontSize: 11,
    labelPadding: 6,
    tickColor: colors.line,
    tickSize: 4,
    titleColor: colors.muted,
    titleFontSize: 11,
    titleFontWeight: "normal",
    titlePadding: 10
  },
  legend: {
    labelColor: colors.text,
    labelFontSize: 11,
    titleColor: colors.muted,
    titleFontSize: 11,
    titleFontWeight: "normal"
  }
} as const satisfies VegaLiteSpec
