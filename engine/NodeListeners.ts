import { Context, Effect } from "effect"
import type { Reason } from "../cache/Reason.ts"
import { DamageListener, PlacedListener, ProgressListener, StillListener } from "./Progress.ts"
import { RunEvent, type RunEvents } from "./RunEvent.ts"

/** What a node that runs says of itself, published as events of its run. */
export const listeners = (
  node: string,
  reasons: ReadonlyArray<Reason>,
  { publish }: Context.Tag.Service<RunEvents>
) => {
  const warn = (message: string) => publish(RunEvent.Warned({ node, message }))
  // a node that runs because its object is lost has been warned of
  const isLossKnown = reasons.some(({ _tag }) => _tag === "ObjectLost")
  return Context.empty().pipe(
    Context.add(ProgressListener, (progress) => publish(RunEvent.NodeProgress({ node, progress }))),
    Context.add(PlacedListener, (by) => publish(RunEvent.NodePlaced({ node, by }))),
    Context.add(StillListener, (seconds) =>
      warn(
        `${node} has been in one call for ${Math.round(seconds / 60)} minutes: its process lives, and is slow or in a loop that does not end. Ctrl-C ends it.`
      )
    ),
    Context.add(DamageListener, (what) =>
      isLossKnown ? Effect.void : warn(`${what} of ${node}; it is computed again.`)
    )
  )
}
