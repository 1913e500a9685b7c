import type { Effect } from "effect"
import type { State } from "../artifacts/Checkpoint.ts"

/** A stage at work on its steps, from the beginning unless it is resumed. */
export interface Iteration<Outputs, E> {
  /** Goes on from a state that `save` gave, after however many steps. */
  readonly resume: (state: State) => Effect.Effect<void, E>
  /** One step, counted from 1 over the whole iteration; gives what is worth a glance. */
  readonly step: (at: number) => Effect.Effect<string | null, E>
  readonly save: Effect.Effect<State, E>
  /** The outputs after the steps so far. */
  readonly finish: Effect.Effect<Outputs, E>
}
