import { spawnSync } from "node:child_process"
import { bundle } from "./timed.mjs"

/**
 * Draws panels of bars beside the figures as numbers: `file` is the JSON that `write` gave. A bar is a spread (report.mjs)
 * with a name, and `ours` where it isn't a peer's.
 */
export const draw = (file, { title, subtitle, unit, panels }) => {
  const bars = ({ name, median, min, max, ours = false }) => ({ name, median, min, max, ours })
  return drawBy("bars", file, {
    title,
    subtitle,
    unit,
    panels: panels.map((panel) => ({ title: panel.title, bars: panel.bars.map(bars) }))
  })
}

/** Draws by a program of bench/programs, which is given the chart as JSON. */
export const drawBy = async (name, file, chart) => {
  const program = await bundle(name)
  const input = JSON.stringify(chart)
  const { status, stderr } = spawnSync(process.execPath, [program, file.replace(/\.json$/, "")], { input })
  if (status !== 0) throw new Error(`The figure of ${file} could not be drawn; expected it to be. ${stderr}`)
}
