import { beforeAll, expect, it } from "vitest"
import { documentOf, imageFolder, nodeOf, outcomeOf, pipeline, type Rig, ran, rig, warnings } from "../rig/cli.ts"

let at: Rig
let options: ReadonlyArray<string>
beforeAll(async () => {
  const images = await imageFolder({ train: 4, test: 2 })
  const network = '[{"kind":"flatten"},{"kind":"dense","units":4,"activation":"relu"}]'
  options = ["--dataset", images, "--network", network, "--epochs", "2", "--validation", "test"]
  at = rig()
})

const ask = (command: string, ...args: ReadonlyArray<string>) =>
  pipeline(at, command, "simple-cnn", ...options, ...args)
const asJson = async (command: string, ...args: ReadonlyArray<string>) =>
  documentOf(await ask(command, ...args, "--json"))

it("a kept training is computed again, to the same bytes, by its name or its result's", async () => {
  const first = await asJson("run")
  expect(ran(first)).toContain("train-network")
  for (const name of ["train-network", "model"]) {
    const planned = await asJson("plan", "--again", name)
    expect(nodeOf(planned, "train-network")).toMatchObject({ status: "run", reason: "it was to be computed again" })
    expect(nodeOf(planned, "evaluate-network").status).toBe("maybe")
  }
  const finished = await ask("run", "--again", "train-network", "--json")
  const again = documentOf(finished)
  expect(ran(again)).toEqual(["train-network"])
  expect(nodeOf(again, "train-network").reason).toBe("it was to be computed again")
  expect(outcomeOf(again)).toEqual(outcomeOf(first))
  expect(warnings(finished.stderr)).toEqual([])
  expect((await ask("why")).stdout).toMatch(/in its last run \(\S+\) it ran: it was to be computed again/)
})

it("several are computed in one run", async () => {
  const document = await asJson("run", "--again", "train-network.history", "--again", "ingest")
  expect(ran(document)).toEqual(["ingest", "train-network"])
})

it("what is no node, or nothing that is kept, is refused with a way out", async () => {
  const { error } = await asJson("run", "--again", "train-netwrok")
  expect(error).toMatchObject({ what: 'simple-cnn has no node "train-netwrok"', fix: "Did you mean train-network?" })
  expect((await ask("run", "--again", "train-netwrok")).code).toBe(2)
  expect((await asJson("plan", "--again", "normalize")).error).toMatchObject({
    what: "normalize is streamed: nothing of it is kept, it is made anew for every node that needs it",
    expected: "a node that it is made for: train-network"
  })
  expect((await asJson("run", "--again")).error).toMatchObject({ what: "--again has no value" })
})
