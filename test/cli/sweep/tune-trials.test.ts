import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { axesOf } from "../../../cli/sweep/axes.ts"
import { lowDiscrepancy } from "../../../cli/sweep/low-discrepancy.ts"
import { sizeOf, trialsOf } from "../../../cli/sweep/tune-trials.ts"
import type * as Points from "../../../engine/Points.ts"
import { simpleCnn } from "../../../pipelines/simple-cnn.ts"

// Trials fill the ranges evenly from the first on, each a function of its number and the draw alone.

const source = (over: ReadonlyArray<string>, most: number, draw: number | "grid" = 0, isGuided = false) =>
  Effect.flatMap(axesOf(simpleCnn, over, {}), (axes) =>
    trialsOf(simpleCnn, axes, {
      shared: {},
      most,
      draw,
      isGuided,
      goal: { direction: "max", metric: "validationAccuracy" },
      rungs: [1, 3, 9]
    })
  )

const trials = (over: ReadonlyArray<string>, count: number, draw: number | "grid" = 0) =>
  Effect.map(source(over, count, draw), ({ draw: drawn }) => drawn([], [], count))

it("any n points that follow each other are spread over each dimension: every tenth of it has its share", () => {
  for (const draw of [0, 1, 2]) {
    const at = lowDiscrepancy(6, draw)
    const points = Array.from({ length: 300 }, (_, number) => at(number))
    for (let dimension = 0; dimension < 6; dimension++) {
      const counts = new Array<number>(10).fill(0)
      for (const point of points) {
        const place = point[dimension] ?? -1
        expect(place).toBeGreaterThanOrEqual(0)
        expect(place).toBeLessThan(1)
        const tenth = Math.floor(place * 10)
        counts[tenth] = (counts[tenth] ?? 0) + 1
      }
      // of independent draws some tenth of some dimension would nearly always have 20 or 40
      expect(Math.min(...counts)).toBeGreaterThanOrEqual(24)
      expect(Math.max(...counts)).toBeLessThanOrEqual(36)
    }
  }
})

it("no two draws are the same, and one draw is always", () => {
  const of = (draw: number) => lowDiscrepancy(2, draw)(5)
  expect(of(0)).toEqual(of(0))
  expect(of(1)).not.toEqual(of(0))
})

it.effect("more trials go on from fewer", () =>
  Effect.gen(function* () {
    const over = ["learning-rate=log(1e-4,1e-1)", "batch-size=16,32,64", "l2=linear(0,0.01)"]
    const many = yield* trials(over, 40)
    expect((yield* trials(over, 9)).map(({ learningRate }) => learningRate)).toEqual(
      many.slice(0, 9).map(({ learningRate }) => learningRate)
    )
    expect(new Set(many.map((trial) => JSON.stringify(trial))).size).toBe(40)
    const sizes = [16, 32, 64].map((size) => many.filter(({ batchSize }) => batchSize === size).length)
    for (const size of sizes) expect(Math.abs(size - 40 / 3)).toBeLessThan(3)
  })
)

it.effect("where there are few values, each combination is drawn once, and then no more", () =>
  Effect.gen(function* () {
    const over = ["batch-size=16,32", "threads=int(1,3)"]
    expect(yield* Effect.flatMap(axesOf(simpleCnn, over, {}), (axes) => sizeOf(axes, false))).toBe(6)
    const all = yield* trials(over, 100)
    expect(new Set(all.map(({ batchSize, threads }) => `${batchSize} ${threads}`)).size).toBe(6)
    expect(all).toHaveLength(6)
  })
)

it.effect("once trials came to something, those are next that are likely to be better, and none is drawn twice", () =>
  Effect.gen(function* () {
    const over = ["learning-rate=log(1e-5,1e-1)", "batch-size=int(8,512)"]
    /** Best at a learning rate of 0.001, whatever the batch size, and less good early on. */
    const scoreOf = (values: Points.Values, steps: number) =>
      0.8 - 0.1 * Math.abs(Math.log10(Number(values.learningRate)) + 3) - 0.2 / steps
    const search = (isGuided: boolean) =>
      Effect.map(source(over, 60, 0, isGuided), ({ draw }) => {
        const drawn = [...draw([], [], 9)]
        while (drawn.length < 30) {
          const seen = drawn.flatMap((values, trial) =>
            [1, 3].map((steps) => ({ trial, steps, score: scoreOf(values, steps) }))
          )
          const next = draw(drawn, seen, 4)
          // a part of what is asked for is the first of it
          expect(draw(drawn, seen, 2)).toEqual(next.slice(0, 2))
          drawn.push(...next)
        }
        return drawn
      })
    const guided = yield* search(true)
    const plain = yield* search(false)
    expect(guided.slice(0, 9)).toEqual(plain.slice(0, 9))
    expect(new Set(guided.map((trial) => JSON.stringify(trial))).size).toBe(guided.length)
    const near = (all: ReadonlyArray<Points.Values>) =>
      all.filter(({ learningRate }) => Math.abs(Math.log10(Number(learningRate)) + 3) < 0.25).length
    expect(near(plain)).toBeLessThan(6)
    expect(near(guided)).toBeGreaterThan(15)
    expect(Math.max(...guided.map((values) => scoreOf(values, 9)))).toBeGreaterThan(0.775)
  })
)

it.effect("where there are few values, guided ones come to an end as well", () =>
  Effect.gen(function* () {
    const { most, draw } = yield* source(["batch-size=16,32,64,128", "threads=int(1,3)"], 12, 0, true)
    expect(most).toBe(12)
    const drawn = [...draw([], [], 9)]
    const seen = drawn.map(({ batchSize }, trial) => ({ trial, steps: 1, score: Number(batchSize) }))
    drawn.push(...draw(drawn, seen, 9))
    expect(new Set(drawn.map(({ batchSize, threads }) => `${batchSize} ${threads}`)).size).toBe(12)
    expect(draw(drawn, seen, 9)).toEqual([])
  })
)

it.effect("a grid has every combination, and needs to know how many values a range has", () =>
  Effect.gen(function* () {
    const grid = yield* trials(["batch-size=16,32", "l2=linear(0,1,3)"], 6, "grid")
    expect(grid.map(({ batchSize, l2 }) => [batchSize, l2])).toEqual([
      [16, 0],
      [16, 0.5],
      [16, 1],
      [32, 0],
      [32, 0.5],
      [32, 1]
    ])
    const axes = yield* axesOf(simpleCnn, ["l2=linear(0,1)"], {})
    expect(yield* Effect.flip(sizeOf(axes, true))).toMatchObject({ _tag: "UsageInvalid" })
    expect((yield* Effect.flip(sizeOf([], false))).message).toContain("over nothing")
  })
)
