import * as fs from "node:fs"
import { beforeAll, describe, expect, it } from "vitest"
import {
  documentOf,
  eventually,
  filesIn,
  giveCifar10,
  goOn,
  nodeOf,
  objectOf,
  pipeline,
  project,
  type Rig,
  ran,
  rig,
  start,
  stoppedWhere,
  tracesOf
} from "../rig/cli.ts"

// Training goes on from where it had got to, by real processes that are killed, to the very bytes of one that was not.

const network = JSON.stringify([
  { kind: "conv2d", filters: 4, kernelSize: 3, padding: "same", activation: "relu" },
  { kind: "flatten" },
  { kind: "dropout", rate: 0.3 },
  { kind: "dense", units: 16, activation: "relu" }
])
const params = ["--network", network, "--batch-size", "2", "--learning-rate", "0.0003"]

const trained = async (at: Rig, epochs: number) => {
  const finished = await pipeline(at, "run", "simple-cnn", ...params, "--epochs", String(epochs), "--json")
  expect(finished.code, finished.stderr + finished.stdout).toBe(0)
  return { ...finished, document: documentOf(finished) }
}
const bytesOf = (at: Rig) =>
  ["model", "history", "fit"].map((output) => fs.readFileSync(objectOf(at, "train-network", "train-network", output)))

describe("more epochs", () => {
  let root: string
  let whole: Rig

  const fresh = async () => {
    const at = rig({ root })
    await giveCifar10(at)
    return at
  }

  beforeAll(async () => {
    root = project()
    whole = await fresh()
    await trained(whole, 30)
  })

  it("go on from fewer, and plan, why and the run say so", async () => {
    const at = await fresh()
    await trained(at, 10)
    const args = ["simple-cnn", ...params, "--epochs", "30"]
    const planned = await pipeline(at, "plan", ...args)
    expect(planned.stdout).toMatch(
      /train-network +run +~\S+ \w+ +~\S+ \w+ +epochs was 10, is 30; continues from epoch 10/
    )
    expect((await pipeline(at, "why", ...args)).stdout).toContain("continues from epoch 10")
    const { document, stderr } = await trained(at, 30)
    expect(nodeOf(document, "train-network").reason).toBe("epochs was 10, is 30; continues from epoch 10")
    expect(stderr).toContain("train-network: runs, since epochs was 10, is 30; continues from epoch 10")
    const models = tracesOf(at, "train-network").map(({ outputs }) => outputs.model?.parts[1]?.object)
    const [wholeModel] = tracesOf(whole, "train-network").map(({ outputs }) => outputs.model?.parts[1]?.object)
    expect(models).toContain(wholeModel)
    // those of the two finished runs
    expect(tracesOf(at, "train-network.state")).toHaveLength(2)
    const shown = await pipeline(at, "inspect", "simple-cnn/train-network.state")
    expect(shown.stdout).toMatch(/^simple-cnn\/train-network\.state: checkpoint TrainingState@1/)
    expect(shown.stdout).toMatch(/^conv2d_0\/kernel +\[3, 3, 3, 4\]/m)
  })

  it("cost at most one where the command is killed, and end where they would have", async () => {
    let at = whole
    const states = () => tracesOf(at, "train-network.state").length
    const command = await stoppedWhere(
      async () => {
        at = await fresh()
        return start(at, "run", "simple-cnn", ...params, "--epochs", "30", "--json")
      },
      () => states() >= 1,
      () => tracesOf(at, "train-network").length > 0
    )
    process.kill(command.pid, "SIGKILL")
    goOn(command)
    await command.finished
    await eventually(() => expect(filesIn(at.home).filter((name) => name.startsWith("leases")).length).toBeLessThan(9))
    const { document } = await trained(at, 30)
    expect(nodeOf(document, "train-network").reason).toMatch(/continues from epoch \d+$/)
    expect(ran(document)).not.toContain("ingest")
    expect(bytesOf(at)).toEqual(bytesOf(whole))
    expect(states()).toBe(1)
  })

  it("start from the beginning, with a warning, where the state is damaged", async () => {
    const at = await fresh()
    await trained(at, 2)
    const state = objectOf(at, "train-network.state", "train-network", "state")
    fs.chmodSync(state, 0o644)
    fs.truncateSync(state, 100)
    const { stderr } = await trained(at, 30)
    expect(stderr).toContain("warning: The state after 2 epochs was corrupt of train-network; it is computed again.")
    const models = tracesOf(at, "train-network").map(({ outputs }) => outputs.model?.parts[1]?.object)
    expect(models).toContain(tracesOf(whole, "train-network")[0]?.outputs.model?.parts[1]?.object)
  })
})
