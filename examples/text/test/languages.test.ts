import { laboratory } from "headrace/testing"
import { expect, it } from "vitest"
import project from "../headrace.config.ts"
import { languages } from "../pipelines/languages.ts"

it("tells six languages apart, and computes nothing twice", async () => {
  const { run } = laboratory(project)
  const { ran, results } = await run(languages)
  expect(ran).toEqual(["split-passages", "hash-ngrams", "train", "hash-ngrams[test]", "evaluate"])
  expect(results.metrics.testAccuracy).toBeGreaterThan(0.85)
  expect(results.confusion.languages.map(({ language }) => language)).toEqual([
    "dutch",
    "english",
    "french",
    "german",
    "italian",
    "spanish"
  ])
  expect((await run(languages)).ran).toEqual([])
})

it("trains for more epochs from where fewer ended, to the same weights", async () => {
  const extended = laboratory(project)
  await extended.run(languages, { epochs: 3 })
  const more = await extended.run(languages, { epochs: 5 })
  expect(more.record.nodes.find(({ node }) => node === "train")?.reason).toContain("continues from epoch 3")
  expect(more.ran).toEqual(["train", "evaluate"])
  const atOnce = await laboratory(project).run(languages, { epochs: 5 })
  expect(more.results.model).toEqual(atOnce.results.model)
  expect(more.results.history).toEqual(atOnce.results.history)
})

it("hashes anew what another number of buckets needs, and splits nothing again", async () => {
  const { run } = laboratory(project)
  await run(languages, { epochs: 1 })
  const { ran } = await run(languages, { epochs: 1, buckets: 64 })
  expect(ran).toEqual(["hash-ngrams", "train", "hash-ngrams[test]", "evaluate"])
})
