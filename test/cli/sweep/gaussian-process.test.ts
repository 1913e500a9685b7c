import * as fc from "fast-check"
import { expect, it } from "vitest"
import { beliefs, expectedImprovement, normalScores, type Place } from "../../../cli/sweep/gaussian-process.ts"

// What is thought of places where nobody looked, by values at those where somebody did.

const grid = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, at) => at / (count - 1))

it("between values that are known lie those that are expected, and nothing is as sure as what is known", () => {
  const wave = (at: number) => Math.sin(6 * at)
  const known = grid(9)
  const wanted = [...grid(17), 3]
  const { means, deviation } = beliefs(
    { places: known.map((at) => [at]), values: known.map(wave) },
    wanted.map((at) => [at])
  )
  for (const [number, at] of grid(17).entries()) expect(Math.abs((means[number] ?? 9) - wave(at))).toBeLessThan(0.1)
  expect(deviation(8)).toBeLessThan(deviation(9))
  // far off nothing is known but how values are in general
  expect(deviation(17)).toBeGreaterThan(5 * deviation(9))
  expect(Math.abs(means[17] ?? 9)).toBeLessThan(0.3)
})

it("values that are chance alone are told from those that are not", () => {
  const noise = grid(40).map((_, at) => Math.sin(at ** 2 * 12.9898) * 0.5)
  const places = grid(40).map((at) => [at])
  const line = grid(40).map((at, number) => 4 * at + (noise[number] ?? 0))
  const { means } = beliefs({ places, values: line }, places)
  const error = (values: ReadonlyArray<number>) =>
    Math.sqrt(values.reduce((sum, value, at) => sum + (value - 4 * (places[at]?.[0] ?? 0)) ** 2, 0) / values.length)
  expect(error(means)).toBeLessThan(0.6 * error(line))
})

it("a dimension that does not matter is not learned from, and of categories each is only like itself", () => {
  const places: ReadonlyArray<Place> = grid(12).flatMap((at) => [
    [at, "a", (at * 7) % 1],
    [at, "b", (at * 5) % 1]
  ])
  const values = places.map(([, category]) => (category === "a" ? 1 : -1))
  const { means } = beliefs({ places, values }, [
    [0.37, "a", 0.9],
    [0.37, "b", 0.9],
    [0.37, "c", 0.9]
  ])
  expect(means[0]).toBeGreaterThan(0.9)
  expect(means[1]).toBeLessThan(-0.9)
  expect(Math.abs(means[2] ?? 9)).toBeLessThan(0.5)
})

it("what is taken for seen is no less expected, and leaves less to learn around it, most there", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 12 }), (values) => {
      const places = values.map((_, at) => [at / values.length])
      const wanted = grid(11).map((at) => [at * 1.5])
      const given = { places, values: values.map((value, at) => value + at) }
      const { means, deviation, take } = beliefs(given, wanted)
      const before = wanted.map((_, at) => deviation(at))
      take(10)
      const after = wanted.map((_, at) => deviation(at))
      for (const [at, one] of after.entries()) expect(one).toBeLessThanOrEqual((before[at] ?? 0) + 1e-9)
      const shares = after.map((one, at) => one / Math.max(1e-9, before[at] ?? 0))
      expect(Math.min(...shares)).toBe(shares[10])
      expect(beliefs(given, wanted).means).toEqual(means)
    }),
    { numRuns: 50 }
  )
})

it("the expected improvement is the mean of what lies above the best", () => {
  for (const [mean, deviation, best] of [
    [0, 1, 0],
    [0.3, 0.5, 1],
    [2, 0.1, 1]
  ] as const) {
    let sum = 0
    const step = 1e-3
    for (let at = -8; at < 8; at += step)
      sum += Math.max(0, mean + at * deviation - best) * Math.exp(-0.5 * at ** 2) * step
    expect(expectedImprovement(mean, deviation, best)).toBeCloseTo(sum / Math.sqrt(2 * Math.PI), 4)
  }
  expect(expectedImprovement(2, 0, 1)).toBe(1)
  expect(expectedImprovement(0, 0, 1)).toBe(0)
})

it("of scores the order alone counts: rising with it, as many below nothing as above, equal ones equal", () => {
  const scores = normalScores([0.1, -1e9, 0.3, 0.1, 7])
  expect(scores[0]).toBe(scores[3])
  expect(scores).toEqual(normalScores([2, 1, 3, 2, 4]))
  const five = normalScores([1, 2, 3, 4, 5])
  expect(Math.abs(five.reduce((sum, score) => sum + score, 0))).toBeLessThan(1e-3)
  expect(five[3]).toBeCloseTo(0.5244, 3)
})
