/**
 * Notices: what the facts of stages tell people about this machine, such as that a slower runtime was taken.
 *
 * @module
 */
import { Context, Effect } from "effect"
import * as Text from "../artifacts/Text.ts"
import * as Once from "../cache/Once.ts"
import { RunEvent, RunEvents } from "./RunEvent.ts"

/** Who listens to what facts tell of this machine: the command that plans or runs says each message once. Nobody does by default. */
export class Notices extends Context.Reference<Notices>()("headrace/Notices", {
  defaultValue:
    () =>
    (_message: Text.Text): Effect.Effect<void> =>
      Effect.void
}) {}

/** Tells people something about this machine, from an effect that finds a fact. */
export const tell = (message: Text.Text): Effect.Effect<void> => Effect.flatMap(Notices, (say) => say(message))

/** Passes each message on once, however many nodes have it. */
export const once = (
  say: (message: Text.Text) => Effect.Effect<void>
): ((message: Text.Text) => Effect.Effect<void>) => {
  const one = Once.saying(say)
  return (message) => one(Text.show(message), message)
}

/** Publishes each message once, as a warning that is no node's, and adds it to `said`. */
export const warning = (
  said: Array<Text.Text>
): Effect.Effect<(message: Text.Text) => Effect.Effect<void>, never, RunEvents> =>
  Effect.map(RunEvents, ({ publish }) =>
    once((message) => {
      said.push(message)
      return publish(RunEvent.Warned({ node: null, message }))
    })
  )
