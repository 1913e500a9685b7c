import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Given, pointsOf } from "../../../cli/sweep/sweep-points.ts"
import { simpleCnn } from "../../../pipelines/simple-cnn.ts"

const points = (given: Partial<Given>) =>
  Effect.map(
    pointsOf(simpleCnn, { over: [], random: null, seeds: null, jobs: null, shared: {}, ...given }),
    ({ points }) => points
  )

it.effect("a range of whole numbers ends where it says, however large they are", () =>
  Effect.gen(function* () {
    const seeds = yield* points({ over: ["seed=int(1,1234567,3)"] })
    expect(seeds.map(({ seed }) => seed)).toEqual([1, 617284, 1234567])
    const spaced = yield* points({ over: ["seed=linear(0,1234567,2)"] })
    expect(spaced.map(({ seed }) => seed)).toEqual([0, 1234567])
  })
)

it.effect("whole numbers are drawn with equal chances, the ends as well", () =>
  Effect.gen(function* () {
    // distinct pairs, so that none is left out as drawn before
    const drawn = yield* points({ over: ["batchSize=int(1,3)", "learningRate=linear(0,1)"], random: 3000 })
    const counts = [1, 2, 3].map((size) => drawn.filter(({ batchSize }) => batchSize === size).length)
    expect(counts.reduce((sum, count) => sum + count)).toBe(drawn.length)
    // a third of 3,000 is 1,000, give or take 26; of the ends half of that were drawn before
    for (const count of counts) expect(Math.abs(count - drawn.length / 3)).toBeLessThan(100)
  })
)

it.effect("an end that a parameter refuses is refused as it was written", () =>
  Effect.gen(function* () {
    const refusal = (text: string) => Effect.flip(points({ over: [text] }))
    expect(yield* refusal("batchSize=linear(0.5,8,3)")).toMatchObject({ name: "batchSize", found: "0.5" })
    expect(yield* refusal("momentum=linear(0,1.000001,4)")).toMatchObject({ name: "momentum", found: "1.000001" })
  })
)

it.effect("between the ends of a whole parameter's range lie whole numbers, also where its default is none", () =>
  Effect.gen(function* () {
    const found = yield* points({ over: ["threads=linear(1,4,3)"] })
    expect(found.map(({ threads }) => threads)).toEqual([1, 3, 4])
  })
)

it.effect("a range that ends just below a bound keeps below it", () =>
  Effect.gen(function* () {
    const found = yield* points({ over: ["momentum=linear(0.9,0.999999,3)"] })
    expect(found.map(({ momentum }) => momentum)).toEqual([0.9, 0.95, 0.999999])
  })
)
