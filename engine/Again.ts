import { Effect } from "effect"
import type { Trace } from "../cache/Trace.ts"
import { publish, RunEvent, type RunEvents } from "./RunEvent.ts"

/** The outputs whose content is not that of another trace of the same key. */
const differing = (before: Trace, after: Trace): ReadonlyArray<string> =>
  Object.entries(after.outputs).flatMap(([name, { content }]) =>
    before.outputs[name]?.content === content ? [] : [name]
  )

/**
 * Says what a node that was computed again made other than before. Equal keys are to give equal bytes: the stage depends on
 * something that is in no key, and whoever has the earlier result has another than this one.
 */
export const compare = (node: string, before: Trace, after: Trace): Effect.Effect<void, never, RunEvents> => {
  const outputs = differing(before, after)
  if (outputs.length === 0) return Effect.void
  return publish(
    RunEvent.Warned({
      node,
      message: `${node} is not reproducible: computed again under the same key, its ${outputs.join(", ")} came out other than what was kept, and replaces it. Its stage depends on something that its key does not hold.`
    })
  )
}
