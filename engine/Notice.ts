import { Context, Effect } from "effect"
import * as Text from "../artifacts/Text.ts"
import { RunEvent, RunEvents } from "./RunEvent.ts"

/** What a stage's facts tell a person about this machine: whoever plans or runs says it, once. Nobody listens by default. */
export class Notices extends Context.Reference<Notices>()("headrace/Notices", {
  defaultValue:
    () =>
    (_message: Text.Text): Effect.Effect<void> =>
      Effect.void
}) {}

export const tell = (message: Text.Text): Effect.Effect<void> => Effect.flatMap(Notices, (say) => say(message))

/** Says each message once, however many nodes find it. */
export const once = (
  say: (message: Text.Text) => Effect.Effect<void>
): ((message: Text.Text) => Effect.Effect<void>) => {
  const said = new Set<string>()
  return (message) =>
    Effect.suspend(() => {
      if (said.has(Text.show(message))) return Effect.void
      said.add(Text.show(message))
      return say(message)
    })
}

/** Says each message once, as a warning that is no node's, and adds it to what was said. */
export const warning = (
  said: Array<Text.Text>
): Effect.Effect<(message: Text.Text) => Effect.Effect<void>, never, RunEvents> =>
  Effect.map(RunEvents, ({ publish }) =>
    once((message) => {
      said.push(message)
      return publish(RunEvent.Warned({ node: null, message }))
    })
  )
