import { expect, it } from "vitest"
import * as NormalEquations from "../regression/NormalEquations.ts"

/** The sums of observations of y = 3 + 2a - b, with what `of` makes of a and b as features. */
const sums = (of: (a: number, b: number) => ReadonlyArray<number>) =>
  [1, 2, 3, 4, 5].reduce(
    (all, a) => NormalEquations.add(all, of(a, a % 2), 3 + 2 * a - (a % 2)),
    NormalEquations.none(of(0, 0).length)
  )

it("finds the coefficients that observations were made with", () => {
  const found = NormalEquations.solve(
    sums((a, b) => [1, a, b]),
    0
  )
  expect(found?.map((value) => Number(value.toFixed(9)))).toEqual([3, 2, -1])
})

it("finds none where a feature follows from others, but with a ridge", () => {
  const twice = sums((a) => [1, a, 2 * a])
  expect(NormalEquations.solve(twice, 0)).toBeNull()
  expect(NormalEquations.solve(twice, 1)).toHaveLength(3)
})
