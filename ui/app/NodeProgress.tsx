import { progressText } from "../../cli/terminal/progress-text.ts"
import type { LiveNode } from "../../engine/Live.ts"

/** How far a node is, as the command tells it: how much of how much, at what rate, for how long still. */
export const NodeProgress = ({
  name,
  node,
  now
}: {
  readonly name: string
  readonly node: LiveNode
  readonly now: number
}) => {
  const { progress, first } = node
  if (progress === null || first === null) return null
  const since = { millis: first.at, computed: first.done - first.reused }
  return (
    <>
      {progress.total === null ? null : (
        <progress max={progress.total} value={progress.done} aria-label={`How far ${name} is`} />
      )}
      <span class="facts">{progressText(progress, since, Math.max(progress.at, now))}</span>
    </>
  )
}
