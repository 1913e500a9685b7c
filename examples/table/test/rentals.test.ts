import { laboratory } from "headrace/testing"
import { expect, it } from "vitest"
import project from "../headrace.config.ts"
import { rentals } from "../pipelines/rentals.ts"

const ALL = ["read-readings", "clean", "fit-model", "evaluate", "draw-fit"]

it("says how many bikes are rented in what weather, and computes nothing twice", async () => {
  const { run } = laboratory(project)
  const { ran, results } = await run(rentals)
  expect(ran).toEqual(ALL)
  expect(results.cleaning).toEqual({ readings: 367, days: 356, incomplete: 6, implausible: 3, repeated: 2 })
  expect(results.metrics).toMatchObject({ testDays: 68, trainingDays: 288 })
  // rain keeps people from riding
  expect(results.model.coefficients.find(({ feature }) => feature === "rain")?.coefficient).toBeLessThan(-10)
  expect((await run(rentals)).ran).toEqual([])
})

it("computes again what a parameter changes, from where it is read", async () => {
  const { run } = laboratory(project)
  await run(rentals)
  expect((await run(rentals, { ridge: 10 })).ran).toEqual(["fit-model", "evaluate", "draw-fit"])
  // describe-days is streamed: those run that take its rows
  expect((await run(rentals, { testEvery: 7 })).ran).toEqual(["fit-model", "evaluate", "draw-fit"])
})

it("stops at days that are as they were", async () => {
  const { run } = laboratory(project)
  await run(rentals)
  // no reading is between 50 and 60 degrees
  expect((await run(rentals, { hottest: 60 })).ran).toEqual(["clean"])
})
