import { expect, it } from "vitest"
import { columnStatistics } from "../../kinds/column-statistics.ts"

const of = (...batches: ReadonlyArray<ReadonlyArray<number>>) =>
  columnStatistics(
    ["value"],
    batches.map((values) => ({ rows: values.length, columns: { value: Float64Array.from(values) } }))
  )[0]

it("statistics are taken over all batches", () => {
  expect(of([1, 2], [3, 4, 0])).toMatchObject({ values: 5, min: 0, max: 4, mean: 2 })
  expect(of([1, 2], [3, 4, 0])?.deviation).toBeCloseTo(Math.sqrt(2), 12)
})

it("the deviation of large numbers that lie close together is theirs, as that of times is", () => {
  const seconds = [1_795_000_000, 1_795_000_010, 1_795_000_020, 1_795_000_030]
  expect(of(seconds)).toMatchObject({ mean: 1_795_000_015, deviation: Math.sqrt(125) })
  expect(of([1_795_000_000], [1_795_000_000])?.deviation).toBe(0)
})

it("a column without values has no statistics, and one with a value that is no number says so", () => {
  expect(of()).toMatchObject({ values: 0, min: null, max: null, mean: null, deviation: null })
  expect(of([Number.NaN, 1, 2])).toMatchObject({ mean: Number.NaN, deviation: Number.NaN })
  expect(of([Infinity, 1])?.mean).toBe(Infinity)
})
