import { spawnSync } from "node:child_process"
import { bundle } from "./timed.mjs"

/**
 * Draws panels of bars beside the figures as numbers: `file` is the JSON that `write` gave. A bar is a spread (report.mjs)
 * with a name, and `ours` where it isn't a peer's.
 */
export const draw = async (file, { title, subtitle, unit, panels }) => {
  const bars = ({ name, median, min, max, ours = false }) => ({ name, median, min, max, ours })
  const input = JSON.stringify({
    title,
    subtitle,
    unit,
    panels: panels.map((panel) => ({ title: panel.title, bars: panel.bars.map(bars) }))
  })
  const program = await bundle("bars")
  const { status, stderr } = spawnSync(process.execPath, [program, file.replace(/\.json$/, "")], { input })
  if (status !== 0) throw new Error(`The figure of ${file} could not be drawn; expected it to be. ${stderr}`)
}
