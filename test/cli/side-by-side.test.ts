import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "vitest"
import { documentOf, imageFolder, pipeline, ran, rig, tracesOf } from "../rig/cli.ts"

// Two heads are trained at once in a sweep, by processes that share the cores: nothing of it may be seen in what they learn.

it.each([
  ["the machine's threads", []],
  ["one thread", ["--threads", "1"]]
] as const)("heads with %s that are trained side by side have the bytes that each has alone", async (_, threads) => {
  const at = rig()
  const dataset = await imageFolder()
  const args = ["--dataset", dataset, "--units", "96", "--batch-size", "16", "--epochs", "4", ...threads]
  const rates = ["0.0003", "0.001", "0.003", "0.01"]
  const swept = await pipeline(at, "sweep", "transfer", ...args, "--over", `learning-rate=${rates.join(",")}`, "--json")
  expect(swept.code, swept.stderr).toBe(0)
  /** What each training yielded, by its learning rate: digests of model, history and the rest. */
  const yielded = () =>
    new Map(
      tracesOf(at, "train").map(({ text, outputs }) => [
        String(text.params.learningRate),
        Object.values(outputs).map(({ content }) => content)
      ])
    )
  const together = yielded()
  expect([...together.keys()].sort()).toEqual(rates)
  expect(new Set([...together.values()].flat()).size).toBe(3 * rates.length)
  for (const stage of ["train", "train.state"]) fs.rmSync(path.join(at.home, "traces", stage), { recursive: true })
  for (const rate of ["0.001", "0.01"]) {
    const alone = documentOf(await pipeline(at, "run", "transfer", ...args, "--learning-rate", rate, "--json"))
    // a model of the same bytes is evaluated already
    expect(ran(alone)).toContain("train")
    expect(ran(alone)).not.toContain("evaluate")
    expect(yielded().get(rate)).toEqual(together.get(rate))
  }
})

it("the number of threads counts as the machine's own does", async () => {
  const at = rig({ env: { PIPELINE_THREADS: "3" } })
  const dataset = await imageFolder()
  const args = ["transfer", "--dataset", dataset, "--units", "8", "--batch-size", "16", "--epochs", "1"]
  expect((await pipeline(at, "run", ...args)).code).toBe(0)
  const planned = async (threads: string) => (await pipeline(at, "plan", ...args, "--threads", threads)).stdout
  expect(await planned("3")).toMatch(/^train +reuse /m)
  expect(await planned("1")).toMatch(/^train +run +~.+ {2}threads was 3, is 1/m)
  const refused = await pipeline(at, "run", ...args, "--threads", "0")
  expect(refused.code).toBe(2)
  expect(refused.stderr).toContain("expected a whole number from 1 to 1024, or null for the machine's")
})
