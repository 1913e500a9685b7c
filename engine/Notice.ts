import { Context, Effect } from "effect"

/** What a stage's facts tell a person about this machine: whoever plans or runs says it, once. Nobody listens by default. */
export class Notices extends Context.Reference<Notices>()("headrace/Notices", {
  defaultValue:
    () =>
    (_message: string): Effect.Effect<void> =>
      Effect.void
}) {}

export const tell = (message: string): Effect.Effect<void> => Effect.flatMap(Notices, (say) => say(message))

/** Says each message once, however many nodes find it. */
export const once = (say: (message: string) => Effect.Effect<void>): ((message: string) => Effect.Effect<void>) => {
  const said = new Set<string>()
  return (message) =>
    Effect.suspend(() => {
      if (said.has(message)) return Effect.void
      said.add(message)
      return say(message)
    })
}
