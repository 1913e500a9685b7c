import type { Metric } from "./metrics.ts"

/** A value of a parameter on its axis of a drawing. */
export interface Tick {
  /** From 0, at the bottom, to 1. */
  readonly at: number
  readonly text: string
}

/** A parameter of a tune: where its values lie on an axis, and how much it matters. */
export interface TunedParam {
  readonly name: string
  readonly ticks: ReadonlyArray<Tick>
  /** From 0 to 1; null where there are too few trials to say. */
  readonly importance: number | null
}

/** A trial as far as it got. */
export interface TunedTrial {
  /** Counted from 1. */
  readonly trial: number
  /** Of the rungs, the last that it took. */
  readonly rung: number
  /** Where its values lie on the axes, in their order. */
  readonly places: ReadonlyArray<number>
  /** Null where it failed. */
  readonly score: number | null
  /** All that it is, in a line. */
  readonly label: string
  /** Its score by the steps, as far as it is known. */
  readonly curve: ReadonlyArray<readonly [steps: number, score: number]>
}

/** What a page tells of a tune beside its points. */
export interface Tuned {
  /** `largest` or `smallest`. */
  readonly wanted: string
  readonly metric: string
  readonly unit: "share" | "number"
  readonly steps: string | null
  readonly rungs: ReadonlyArray<number | null>
  readonly best: {
    readonly trial: number
    readonly command: string | null
    readonly params: ReadonlyArray<{ readonly name: string; readonly value: string }>
    readonly metrics: ReadonlyArray<Metric>
  } | null
  readonly params: ReadonlyArray<TunedParam>
  readonly trials: ReadonlyArray<TunedTrial>
  /** In the order in which they were carried out: the steps, or trials, that all took until then, and the score. */
  readonly spent: ReadonlyArray<{
    readonly cost: number
    readonly score: number
    readonly rung: number
    readonly label: string
  }>
}
