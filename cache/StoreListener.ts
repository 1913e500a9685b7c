import { Context, Effect } from "effect"

/** Hears what people are to know of a store beside what they asked of it, such as that one which many share does not answer. */
export class StoreListener extends Context.Reference<StoreListener>()("headrace/StoreListener", {
  defaultValue:
    () =>
    (_message: string): Effect.Effect<void> =>
      Effect.void
}) {}

/** Says something to whoever listens where it came up. */
export const tell = (message: string): Effect.Effect<void> => Effect.flatMap(StoreListener, (hear) => hear(message))

/** Says each thing once, by its topic: one cause shows in many places. */
export const once = (say: (message: string) => Effect.Effect<void>) => {
  const said = new Set<string>()
  return (topic: string, message = topic): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (said.has(topic)) return Effect.void
      said.add(topic)
      return say(message)
    })
}
