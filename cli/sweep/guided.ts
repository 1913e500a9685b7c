import type { Goal } from "../../engine/Goal.ts"
import * as Halving from "../../engine/Halving.ts"
import type { Seen } from "../../engine/Tune.ts"
import type { Axis, Encoded } from "./axes.ts"
import { beliefs, expectedImprovement, normalScores, type Place } from "./gaussian-process.ts"

/** What a model of the trials learns from: more would take long, and tell little. */
const MOST_LEARNED = 300
/** Among so many points one is chosen, and a few more for each trial that is there. */
const CANDIDATES = 256
const CANDIDATES_EACH = 8

/** How many points of the sequence are looked at, once so many trials are there. */
export const candidatesAfter = (trials: number): number => CANDIDATES + (CANDIDATES_EACH + 1) * trials

/** What a search is over, and what is best. */
export interface Search {
  readonly axes: ReadonlyArray<Axis>
  readonly goal: Goal
  readonly rungs: Halving.Rungs
}

/** Those of the trials' scores that tell most: after many steps, and of late. */
const telling = (seen: ReadonlyArray<Seen>): ReadonlyArray<Seen> =>
  seen.toSorted((one, other) => (other.steps ?? 0) - (one.steps ?? 0) || other.trial - one.trial).slice(0, MOST_LEARNED)

/**
 * The candidates of which the most improvement is expected once they take all steps, by their numbers, so many at most, given what trials
 * came to after however many steps. What is expected of one is taken for seen when the next is chosen, so that they differ. The first ones
 * where the scores tell nothing.
 */
export const guided = (
  { axes, goal, rungs }: Search,
  { trials, seen }: { readonly trials: ReadonlyArray<Encoded>; readonly seen: ReadonlyArray<Seen> },
  candidates: ReadonlyArray<Encoded>,
  count: number
): ReadonlyArray<number> => {
  const told = telling(seen)
  const scores = told.flatMap(({ score }) => score ?? [])
  const left = new Set(candidates.keys())
  if (new Set(scores).size < 2) return [...left].slice(0, count)
  const [first, all] = [rungs[0] ?? 1, rungs.at(-1) ?? 1]
  const placeOf = (point: Encoded | undefined, steps: number): Place => [
    ...axes.map((axis) => axis.placeOf(point?.[axis.name])),
    first === all ? 1 : Math.log(steps / first) / Math.log(all / first)
  ]
  const known = {
    places: told.map(({ trial, steps }) => placeOf(trials[trial], steps ?? all)),
    values: normalScores(told.map((one) => Halving.meritOf(one, goal.direction)))
  }
  const seenTrials = [...new Set(told.map(({ trial }) => trial))].map((trial) => trials[trial])
  const { means, deviation, take } = beliefs(
    known,
    [...candidates, ...seenTrials].map((point) => placeOf(point, all))
  )
  let best = Math.max(...means.slice(candidates.length))
  return Array.from({ length: Math.min(count, candidates.length) }, () => {
    const gains = [...left].map((at) => ({ at, gain: expectedImprovement(means[at] as number, deviation(at), best) }))
    const { at } = gains.reduce((one, other) => (other.gain > one.gain ? other : one))
    left.delete(at)
    best = Math.max(best, means[at] as number)
    take(at)
    return at
  })
}
