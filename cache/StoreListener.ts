import { Context, Effect } from "effect"
import * as Once from "./Once.ts"

/** Hears what people are to know of a store beside what they asked of it, such as that one which many share does not answer. */
export class StoreListener extends Context.Reference<StoreListener>()("headrace/StoreListener", {
  defaultValue:
    () =>
    (_message: string): Effect.Effect<void> =>
      Effect.void
}) {}

/** Says something to whoever listens where it came up. */
export const tell = (message: string): Effect.Effect<void> => Effect.flatMap(StoreListener, (hear) => hear(message))

/** Says each thing once, by its topic, which is what is said where there is no other. */
export const once = (say: (message: string) => Effect.Effect<void>) => {
  const one = Once.saying(say)
  return (topic: string, message = topic): Effect.Effect<void> => one(topic, message)
}
