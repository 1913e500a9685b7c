import { Effect } from "effect"

/** Says each thing once, by its topic: one cause shows in many places. */
export const saying = <A>(say: (message: A) => Effect.Effect<void>) => {
  const said = new Set<string>()
  return (topic: string, message: A): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (said.has(topic)) return Effect.void
      said.add(topic)
      return say(message)
    })
}
