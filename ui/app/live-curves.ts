import type { Chart, Line, Panel } from "../../cli/report/Chart.ts"
import { wordsOf } from "../../cli/terminal/numbers.ts"
import type { Live } from "../../engine/Live.ts"

/** Of a sweep's nodes so many have their curves drawn, those that began last. */
const MOST_NODES = 16

const isValidation = (name: string): boolean => /^validation/.test(name)
/** `validationAccuracy` belongs into the panel of `accuracy`. */
const measureOf = (name: string): string => {
  const bare = name.replace(/^validation/, "")
  return bare.charAt(0).toLowerCase() + bare.slice(1)
}

/** The numbers of steps of all nodes that tell some, as a report's learning curves; null where there are none. */
export const chartOf = ({ nodes }: Live): Chart | null => {
  const told = [...nodes].filter(([, { curves }]) => Object.keys(curves).length > 0).slice(-MOST_NODES)
  if (told.length === 0) return null
  const isAlone = told.length === 1
  const panels = new Map<string, Array<Line>>()
  for (const [entry, [node, { curves }]] of told.entries())
    for (const [name, { steps, values }] of Object.entries(curves)) {
      const kind = isValidation(name) ? "validation" : "training"
      const lines = panels.get(measureOf(name)) ?? []
      const label = isAlone ? kind : kind === "training" ? `${node}, training` : node
      lines.push({ entry, kind, label, epochs: steps, values })
      panels.set(measureOf(name), lines)
    }
  const unitOf = (measure: string): Panel["unit"] => (/accuracy$/i.test(measure) ? "share" : "number")
  return {
    entries: told.map(([node]) => node),
    kinds: { training: "training", validation: "validation" },
    bestEpoch: null,
    panels: [...panels]
      .sort(([a], [b]) => Number(unitOf(a) === "number") - Number(unitOf(b) === "number"))
      .map(([measure, lines]) => ({ title: wordsOf(measure), unit: unitOf(measure), lines }))
  }
}
