import { expect, it } from "vitest"
import * as Random from "../../../api/random.ts"
import { importance } from "../../../cli/report/importance.ts"

const places = (step: number) =>
  [...Random.words({ seed: 1, purpose: "sweep", epoch: 0, step }, 200)].map((word) => word / 2 ** 32)

it("a parameter that tells all of the score has nearly all of it, one that tells nothing nearly nothing", () => {
  const value = places(1)
  const noise = places(2)
  expect(importance(value.map((one) => ({ value: one, score: one })))).toBeGreaterThan(0.9)
  expect(importance(value.map((one, at) => ({ value: one, score: noise[at] ?? 0 })))).toBeLessThan(0.05)
  const half = importance(value.map((one, at) => ({ value: one, score: one + (noise[at] ?? 0) }))) ?? 0
  expect(Math.abs(half - 0.48)).toBeLessThan(0.08)
})

it("choices are told apart by what they are, numbers by five stretches of them", () => {
  const choices = ["a", "b", "a", "b"].map((value, at) => ({ value, score: value === "a" ? at / 100 : 1 + at / 100 }))
  expect(importance(choices)).toBeGreaterThan(0.98)
  // what rises and falls again is told as well: it is no correlation
  expect(importance(places(1).map((value) => ({ value, score: (value - 0.5) ** 2 })))).toBeGreaterThan(0.7)
})

it("nothing is said of too few, and of what is all the same nothing is told by anything", () => {
  expect(importance([])).toBe(null)
  expect(importance([{ value: 1, score: 1 }])).toBe(null)
  expect(
    importance([
      { value: 1, score: 1 },
      { value: 2, score: 3 }
    ])
  ).toBe(null)
  expect(importance([1, 2, 1, 2].map((value) => ({ value, score: 7 })))).toBe(0)
})
