import { expect, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Halving from "../../engine/Halving.ts"

// Which trials go on is a function of numbers alone.

it("rungs rise by three times to all steps, from a twenty-seventh of them on", () => {
  expect(Halving.rungsOf(27)).toEqual([1, 3, 9, 27])
  expect(Halving.rungsOf(20)).toEqual([1, 2, 7, 20])
  expect(Halving.rungsOf(100)).toEqual([4, 11, 33, 100])
  expect(Halving.rungsOf(2)).toEqual([1, 2])
  expect(Halving.rungsOf(1)).toEqual([1])
})

it("rungs rise strictly, and end with all steps", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), (most) => {
      const rungs = Halving.rungsOf(most)
      expect(rungs.at(-1)).toBe(most)
      expect(rungs.every((steps, at) => steps >= 1 && steps > (rungs[at - 1] ?? 0))).toBe(true)
      expect(rungs.length).toBeLessThanOrEqual(4)
    })
  )
})

it("27 trials of 27 steps take as much as six whole ones, where a grid of them takes 27", () => {
  const rungs = Halving.rungsOf(27)
  expect(Halving.countsOf(27, rungs)).toEqual([27, 13, 6, 3])
  expect(Halving.costOf(27, rungs)).toBe(27 + 13 * 2 + 6 * 6 + 3 * 18)
})

it("as many trials as a budget allows cost no more than it, and one more would", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 0, max: 20_000 }),
      fc.integer({ min: 1, max: 2000 }),
      (most, budget, limit) => {
        const rungs = Halving.rungsOf(most)
        const trials = Halving.trialsWithin(budget, rungs, limit)
        expect(trials).toBeLessThanOrEqual(limit)
        if (trials > 0) expect(Halving.costOf(trials, rungs)).toBeLessThanOrEqual(budget)
        if (trials < limit) expect(Halving.costOf(trials + 1, rungs)).toBeGreaterThan(budget)
      }
    )
  )
})

it("the best go on, by the least or the most, equal ones in their order, failed ones never", () => {
  const scored = [3, null, 1, 3, 2].map((score, trial) => ({ trial, score }))
  const trials = (direction: "max" | "min", count: number) =>
    Halving.best(scored, count, direction).map(({ trial }) => trial)
  expect(trials("max", 2)).toEqual([0, 3])
  expect(trials("min", 2)).toEqual([2, 4])
  expect(trials("max", 9)).toEqual([0, 3, 4, 2])
})
