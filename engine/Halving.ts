/**
 * Successive halving (Jamieson and Talwalkar, 2016): many trials take a few steps, the best half of them more, and so on. What is asked
 * of it is a function of numbers alone, decided rung by rung, so that nothing depends on which trial ended first.
 *
 * @module
 */

/** A rung has so many times the steps of the one below. */
const FACTOR = 3
/** Of the trials of a rung, one in so many goes on to the next. Were it one in three, those that learn fast would leave no others. */
const KEPT = 2
/** The first of the rungs has this share of all steps: with fewer, a number says more of chance than of its trial. */
const LEAST_SHARE = FACTOR ** 3

/** The steps after which trials are compared, rising; null for a trial that takes none, and counts as one. */
export type Rungs = ReadonlyArray<number | null>

/** The steps after which trials of so many are compared, rising; the last are all. */
export const rungsOf = (most: number): ReadonlyArray<number> => {
  const rungs: Array<number> = [most]
  for (let share = FACTOR; share <= LEAST_SHARE; share *= FACTOR) {
    const steps = Math.max(1, Math.round(most / share))
    if (steps < (rungs[0] ?? 0)) rungs.unshift(steps)
  }
  return rungs
}

/** How many of so many trials take each rung: one at least. */
export const countsOf = (trials: number, rungs: Rungs): ReadonlyArray<number> =>
  rungs.map((_, at) => Math.max(1, Math.floor(trials / KEPT ** at)))

/** So many trials there are at first. */
const FIRST = FACTOR ** 2

/** How many trials there are after so many, which have been compared: a third more. */
export const grown = (trials: number): number => (trials < FIRST ? FIRST : trials + Math.floor(trials / FACTOR))

/** The steps that a trial takes for a rung, counted from 0, beyond those for the rung below. */
export const stepsFor = (rungs: Rungs, at: number): number => (rungs[at] ?? 1) - (rungs[at - 1] ?? 0)

/** The steps that so many trials take in all, those that a trial has taken for a rung counted once. */
export const costOf = (trials: number, rungs: Rungs): number =>
  countsOf(trials, rungs).reduce((sum, count, at) => sum + count * stepsFor(rungs, at), 0)

/** The most trials that take no more than so many steps, `limit` at most; 0 where one alone takes more. */
export const trialsWithin = (steps: number, rungs: Rungs, limit: number): number => {
  let [fits, exceeds] = [0, limit + 1]
  // the cost rises with the trials
  while (exceeds - fits > 1) {
    const middle = Math.floor((fits + exceeds) / 2)
    if (costOf(middle, rungs) <= steps) fits = middle
    else exceeds = middle
  }
  return fits
}

/** What a trial came to at some rung; a score of null is a trial that failed, or came to no number. */
export interface Scored {
  readonly trial: number
  readonly score: number | null
}

/** What is the larger the better a trial did; one that failed did worse than all others. */
export const meritOf = ({ score }: Scored, direction: "max" | "min"): number =>
  score === null ? Number.NEGATIVE_INFINITY : direction === "max" ? score : -score

/** The best of these, so many at most, equal ones in the order in which they are given. Those without a score go no further. */
export const best = <S extends Scored>(
  scored: ReadonlyArray<S>,
  count: number,
  direction: "max" | "min"
): ReadonlyArray<S> => {
  const rank = (one: Scored) => meritOf(one, direction)
  return scored
    .filter(({ score }) => score !== null)
    .toSorted((one, other) => rank(other) - rank(one))
    .slice(0, count)
}
