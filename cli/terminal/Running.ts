import type { Progress } from "../../engine/Progress.ts"
import { type Beginning, beginning, progressText } from "./progress-text.ts"

/** Between two redraws where lines are replaced, and between two lines about what runs where they are not. */
const REDRAW_MILLIS = 100
const PLAIN_MILLIS = 10_000

/** How far everything is that runs, and when that was last shown. */
export interface Running {
  readonly progressed: (name: string, progress: Progress, now: number) => void
  readonly ended: (name: string) => void
  readonly allEnded: () => void
  /** A line for each of those that run. */
  readonly lines: () => ReadonlyArray<string>
  /** Whether it is time to show them; whoever asks shows them then. */
  readonly isDue: (now: number) => boolean
}

/** `terminal`: whether lines can be replaced. */
export const make = (terminal: boolean): Running => {
  const running = new Map<string, { readonly since: Beginning; readonly text: string }>()
  let shown = 0
  return {
    progressed: (name, progress, now) => {
      const known = running.get(name)?.since
      // a line that stays is not for what is over soon
      if (known === undefined && !terminal) shown = now
      const since = known ?? beginning(progress, now)
      running.set(name, { since, text: progressText(progress, since, now) })
    },
    ended: (name) => void running.delete(name),
    allEnded: () => running.clear(),
    lines: () => [...running].map(([name, { text }]) => `${name}: ${text}`),
    isDue: (now) => {
      const isDue = now - shown >= (terminal ? REDRAW_MILLIS : PLAIN_MILLIS)
      if (isDue) shown = now
      return isDue
    }
  }
}
