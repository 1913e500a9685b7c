import type { Effect } from "effect"
import type { State } from "../artifacts/Checkpoint.ts"

/** What a step tells of how it went. */
export interface StepTold {
  /** A few words that are worth a glance, or null. */
  readonly note: string | null
  /** Numbers by what they measure, such as a loss, which a page draws over the steps while they are carried out. */
  readonly metrics: Readonly<Record<string, number>>
}

/** An iterating stage at work on its steps: from the beginning, unless it is resumed. */
export interface Iteration<Outputs, E> {
  /** Takes up a state that `save` gave after some number of steps, perhaps in another process, long ago. */
  readonly resume: (state: State) => Effect.Effect<void, E>
  /** Carries out one step, which is counted from 1 over the whole iteration, and tells how it went: in a few words, or null. */
  readonly step: (at: number) => Effect.Effect<string | null | StepTold, E>
  /**
   * Whether no further step changes anything. Then none is carried out, and what `finish` gives stands for every greater number of
   * steps. It must follow from the state, so that it is the same after `resume`. An iteration without it is over after its last step.
   */
  readonly isOver?: Effect.Effect<boolean, E>
  /** The state after the steps so far: all that `resume` needs. */
  readonly save: Effect.Effect<State, E>
  /** The outputs after the steps so far. */
  readonly finish: Effect.Effect<Outputs, E>
}
