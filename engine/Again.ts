import { Effect } from "effect"
import type { Trace } from "../cache/Trace.ts"
import * as NodeKey from "./NodeKey.ts"
import { publish, RunEvent, type RunEvents } from "./RunEvent.ts"
import type { RunState } from "./RunState.ts"

/** The outputs whose content is not that of another trace of the same node or key. */
export const differing = (before: Trace, after: Trace): ReadonlyArray<string> =>
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

/**
 * Forgets what was made of a node that came out other than it was, and what others of its key have, so that each is decided
 * again: no two results of a run are made of different results of one key.
 */
export const forgetBelow = ({ graph, stages, outcomes }: RunState, node: string, after: Trace): void => {
  const changed = new Set([node])
  for (const entry of stages.values()) {
    const known = outcomes.get(entry.name)
    const isTwin = known?._tag === "Done" && known.trace.key === after.key && differing(known.trace, after).length > 0
    const isBelow = NodeKey.storedParents(graph, entry).some(({ name }) => changed.has(name))
    if (!isTwin && !isBelow) continue
    changed.add(entry.name)
    if (known?._tag === "Done") outcomes.delete(entry.name)
  }
}
