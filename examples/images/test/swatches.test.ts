import { laboratory } from "headrace/testing"
import { expect, it } from "vitest"
import project from "../headrace.config.ts"
import * as Discriminant from "../models/Discriminant.ts"
import { swatches } from "../pipelines/swatches.ts"

it("tells weaves apart, computes nothing twice, and fits another head on the features that are there", async () => {
  const { run } = laboratory(project)
  const { ran, results } = await run(swatches)
  expect(ran.filter((node) => node.startsWith("extract-features"))).toHaveLength(5)
  expect(results.metrics).toMatchObject({ rows: 24 })
  // one of three is right by chance
  expect(results.metrics.testAccuracy).toBeGreaterThan(0.5)
  expect((await run(swatches)).ran).toEqual([])
  expect((await run(swatches, { shrinkage: 0.5 })).ran).toEqual(["fit-discriminant", "evaluate"])
})

it("a discriminant decides by the means, the more the less a feature varies within the classes", () => {
  const tally = Discriminant.empty(2, 2)
  // the first feature tells the classes apart, the second is as it likes
  Discriminant.add(tally, Float32Array.of(1, 9, 1.5, -9, 3, 8, 3.5, -8), Int32Array.of(0, 0, 1, 1))
  const { kernel, bias } = Discriminant.dense(tally, 1e-9)
  const logits = (a: number, b: number) =>
    [0, 1].map((label) => a * (kernel[label] ?? 0) + b * (kernel[2 + label] ?? 0) + (bias[label] ?? 0))
  expect([logits(1, 100), logits(3, 100)].map(([one = 0, other = 0]) => one > other)).toEqual([true, false])
})
