/**
 * The event loop of the process: long synchronous work gives others their turn.
 *
 * @module
 */
import { Effect } from "effect"

/**
 * Lets timers, signals and messages have their turn between two pieces of synchronous work, and interruption with them: a fiber's
 * own yield is a microtask, which comes before all of these.
 */
export const turn: Effect.Effect<void> = Effect.async<void>((resume) => {
  const immediate = setImmediate(() => resume(Effect.void))
  return Effect.sync(() => clearImmediate(immediate))
})
