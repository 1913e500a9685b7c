import { laboratory } from "headrace/testing"
import { expect, it } from "vitest"
import project from "../headrace.config.ts"
import { rents } from "../pipelines/rents.ts"

it("computes what a parameter changes, and nothing twice", async () => {
  const { run } = laboratory(project)
  const first = await run(rents)
  expect(first.ran).toEqual(["read-rents", "fit-line"])
  expect(first.results.line.rows).toBe(200)
  expect((await run(rents)).ran).toEqual([])
  const larger = await run(rents, { least: 50 })
  expect(larger.ran).toEqual(["read-rents", "fit-line"])
  expect(larger.results.line.rows).toBeLessThan(200)
})
