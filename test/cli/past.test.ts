import * as fs from "node:fs"
import { beforeAll, expect, it } from "vitest"
import { documentOf, type Finished, imageFolder, nodeOf, pipeline, type Rig, rig } from "../rig/cli.ts"

// What became of runs that are over, and what a run to come is likely to take.

let at: Rig
let options: ReadonlyArray<string>
const ids: Array<string> = []
beforeAll(async () => {
  const images = await imageFolder({ train: 4, test: 2 })
  options = ["explore", "--dataset", images]
  at = rig()
  expect((await pipeline(at, "plan", ...options, "--exit-code")).code).toBe(3)
  for (let run = 0; run < 2; run++) ids.push(JSON.parse((await pipeline(at, "run", ...options, "--json")).stdout).run)
})
const whyOf = (run: string, ...args: ReadonlyArray<string>) => pipeline(at, "why", "explore", ...args, "--run", run)
const errorOf = ({ stdout }: Finished) => JSON.parse(stdout).error as { what: string; fix: string }

it("why --run tells what ran and why, and of what was found which run made it, when and where", async () => {
  const [first = "", second = ""] = ids
  expect((await whyOf(first)).stdout).toMatch(
    /^describe ran: it has no result yet \(finished \S+Z, took .+, on \S+\)$/m
  )
  expect((await whyOf(second, "describe")).stdout).toMatch(
    new RegExp(`^describe was reused: its result was made by run ${first}, finished \\S+Z, took .+, on \\S+\\n$`)
  )
  const { nodes, run } = JSON.parse((await whyOf(second, "--json")).stdout)
  expect(run).toBe(second)
  const [describe] = nodes.filter(({ node }: { node: string }) => node === "describe")
  expect(describe).toMatchObject({ status: "reused", origin: { run: first, trace: { host: expect.any(String) } } })
})

it("why --run takes the beginning of an id, and refuses other pipelines' runs, parameters and nodes that it had not", async () => {
  const [first = ""] = ids
  expect((await whyOf(first.slice(0, -2))).code).toBe(0)
  const other = await pipeline(at, "why", "simple-cnn", "--run", first, "--json")
  expect(errorOf(other)).toMatchObject({
    what: `Run ${first} is of explore`,
    fix: `Write pipeline why explore --run ${first}.`
  })
  const params = await pipeline(at, "why", ...options, "--run", first, "--json")
  expect(errorOf(params).what).toBe(`--dataset says nothing of run ${first}, which is over`)
  expect(params.code).toBe(2)
  expect(errorOf(await whyOf(first, "descibe", "--json")).what).toContain('"descibe"')
  expect(errorOf(await whyOf("20010101-000000-0000000", "--json")).what).toContain("20010101-000000-0000000")
})

it("run --audit computes what is reused again beside the store, and says how it came out", async () => {
  const audited = await pipeline(at, "run", ...options, "--audit", "100%", "--json")
  const { status, audit, nodes } = JSON.parse(audited.stdout)
  expect(status, audited.stderr).toBe("done")
  expect(nodes.every((node: { status: string }) => node.status !== "ran")).toBe(true)
  expect(Object.fromEntries(audit.map((one: { node: string; verdict: string }) => [one.node, one.verdict]))).toEqual({
    describe: "same",
    "plot-dataset": "same"
  })
  expect(fs.readdirSync(at.home).filter((name) => name.startsWith("."))).toEqual([])
  const told = await pipeline(at, "run", ...options, "--audit", "1 %")
  expect(told.stdout).toMatch(/^audit: 1 result computed again: 1 the same$/m)
  for (const share of ["5", "0%", "101%", "five"]) {
    const refused = await pipeline(at, "run", ...options, "--audit", share, "--json")
    expect([refused.code, errorOf(refused).what]).toEqual([2, `--audit ${share} is no share of what is reused`])
  }
})

it("plan --exit-code ends with 0 where nothing would run, and plan tells what is likely where something would", async () => {
  expect((await pipeline(at, "plan", ...options, "--exit-code")).code).toBe(0)
  const changed = [...options, "--test-fraction", "0.4", "--splits", "none"]
  const planned = await pipeline(at, "plan", ...changed, "--exit-code", "--json")
  expect(planned.code).toBe(3)
  const document = documentOf(planned)
  const { seconds } = nodeOf(documentOf(await pipeline(at, "plan", ...options, "--json")), "describe")
  expect(nodeOf(document, "describe")).toMatchObject({ status: "run", estimate: { seconds } })
  expect((await pipeline(at, "plan", ...changed)).stdout).toMatch(/^likely: about .+ of work and .+ of results, up to/m)
  // without the flag, a plan is no failure
  expect((await pipeline(at, "plan", ...changed)).code).toBe(0)
})
