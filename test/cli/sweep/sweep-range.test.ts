import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"
import { drawnFrom, type Range, valuesOf } from "../../../cli/sweep/sweep-range.ts"

const bits = new BigInt64Array(1)
const float = new Float64Array(bits.buffer)
/** The place of a float among all of them, in their order. */
const rank = (value: number): bigint => {
  float[0] = value
  const place = bits[0] ?? 0n
  return value >= 0 ? place : -(place & 0x7fffffffffffffffn)
}
const digitsOf = (value: number): number =>
  Math.abs(value)
    .toExponential()
    .replace(/e.*|\./g, "")
    .replace(/^0+|0+$/g, "").length

const finite = fc.double({ noNaN: true, noDefaultInfinity: true })
/** Ends that lie anywhere, and ends so close that few floats lie between them. */
const ends = fc.oneof(
  fc.tuple(finite, finite),
  fc
    .tuple(fc.double({ min: -10, max: 10, noNaN: true }), fc.double({ min: 0, max: 1e-12, noNaN: true }))
    .map(([from, width]): [number, number] => [from, from + width])
)
const rising = ([a, b]: [number, number]) => ({ from: Math.min(a, b), to: Math.max(a, b) })
const anyRange = fc
  .tuple(fc.constantFrom("linear" as const, "log" as const), ends.map(rising))
  .map(([kind, { from, to }]): Range => ({ kind, from: kind === "log" ? Math.abs(from) : from, to, whole: false }))
  .filter(({ kind, from, to }) => from < to && (kind === "linear" || from > 0))
const anyWhole = fc
  .tuple(fc.constantFrom("linear" as const, "log" as const, "int" as const), fc.maxSafeInteger(), fc.maxSafeInteger())
  .map(([kind, a, b]): Range => ({ kind, from: Math.min(a, b), to: Math.max(a, b), whole: true }))
  .filter(({ kind, from, to }) => from < to && (kind !== "log" || from > 0))
const counts = fc.integer({ min: 2, max: 60 })

/** What must be true of every range, whoever makes its values. */
const keepsTheLaw = (make: typeof valuesOf) => (range: Range, count: number) => {
  const values = make(range, count)
  expect(values).toHaveLength(count)
  expect(values[0]).toBe(range.from)
  expect(values.at(-1)).toBe(range.to)
  expect(values.filter((value, at) => at > 0 && !(value >= (values[at - 1] ?? Number.NaN)))).toEqual([])
  if (range.whole) expect(values.filter((value) => !Number.isInteger(value))).toEqual([])
  const there = range.whole
    ? BigInt(range.to) - BigInt(range.from) + 1n
    : rank(range.to + 0) - rank(range.from + 0) + 1n
  expect(new Set(values).size).toBe(there < BigInt(count) ? Number(there) : count)
}
const holds = (make: typeof valuesOf) => {
  fc.assert(fc.property(anyRange, counts, keepsTheLaw(make)), { seed: 12, numRuns: 1000 })
  fc.assert(fc.property(anyWhole, counts, keepsTheLaw(make)), { seed: 12, numRuns: 1000 })
}

describe("the values of a range", () => {
  it("have its ends, rise, and are as many as were asked for, as far as there are so many", () => holds(valuesOf))

  it("a range of five digits throughout would break that", () => {
    const rounded: typeof valuesOf = ({ from, to }, count) =>
      Array.from({ length: count }, (_, at) => Number((from + ((to - from) * at) / (count - 1)).toPrecision(5)))
    expect(() => holds(rounded)).toThrow()
  })

  it("a range whose ends alone are exact would break that", () => {
    const ended: typeof valuesOf = (range, count) => {
      const { from, to } = range
      const places = Array.from({ length: count }, (_, at) => at / (count - 1))
      return places.map((place) => (place === 1 ? to : Number((from + (to - from) * place).toPrecision(17))))
    }
    expect(() => holds(ended)).toThrow()
  })

  it("are short where that keeps them apart", () => {
    const linear = (from: number, to: number, count: number) =>
      valuesOf({ kind: "linear", from, to, whole: false }, count)
    expect(linear(0.100001, 0.100009, 3)).toEqual([0.100001, 0.100005, 0.100009])
    expect(linear(0.9, 0.999999, 3)).toEqual([0.9, 0.95, 0.999999])
    expect(linear(-0.1, 0.2, 4)).toEqual([-0.1, 0, 0.1, 0.2])
    expect(linear(1, 1.0005, 5)).toEqual([1, 1.000125, 1.00025, 1.000375, 1.0005])
    expect(valuesOf({ kind: "log", from: 1e-4, to: 1e-1, whole: false }, 5)).toEqual([
      1e-4, 5.6234e-4, 3.1623e-3, 1.7783e-2, 1e-1
    ])
    expect(valuesOf({ kind: "log", from: 64, to: 2048, whole: true }, 6)).toEqual([64, 128, 256, 512, 1024, 2048])
    expect(valuesOf({ kind: "int", from: 1, to: 3, whole: true }, 5)).toEqual([1, 1, 1, 2, 3])
  })

  it("have five digits whenever their neighbours are a hundred times as far as that moves them", () => {
    const wide = fc.tuple(fc.double({ min: 1, max: 1000, noNaN: true }), fc.double({ min: 1.1, max: 100, noNaN: true }))
    fc.assert(
      fc.property(wide, fc.integer({ min: 2, max: 5 }), ([from, ratio], count) => {
        const values = valuesOf({ kind: "log", from, to: from * ratio, whole: false }, count)
        for (const value of values.slice(1, -1)) expect(digitsOf(value)).toBeLessThanOrEqual(5)
      }),
      { seed: 12 }
    )
  })
})

it("what is drawn from a range lies inside of it", () => {
  const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  const inside = (range: Range, at: number) => {
    const value = drawnFrom(range, at)
    expect(value).toBeGreaterThanOrEqual(range.from)
    expect(value).toBeLessThanOrEqual(range.to)
    if (range.whole) expect(Number.isInteger(value)).toBe(true)
  }
  fc.assert(fc.property(anyRange, place, inside), { seed: 12, numRuns: 2000 })
  fc.assert(fc.property(anyWhole, place, inside), { seed: 12, numRuns: 2000 })
})

it("what is drawn from a narrow range is not all one number", () => {
  const range: Range = { kind: "linear", from: 0.100001, to: 0.100009, whole: false }
  const drawn = Array.from({ length: 100 }, (_, at) => drawnFrom(range, at / 100))
  expect(new Set(drawn).size).toBe(100)
})
