import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { documentOf, filesIn, giveCifar10, nodeOf, pipeline, type Rig, type RunDocument, ran, rig } from "../rig/cli.ts"

interface Row {
  readonly name: string
  readonly parameters: number
  readonly bestEpoch: number
  readonly validationAccuracy: number
  readonly lastValidationAccuracy: number
  readonly testAccuracy: number
}

describe("pipelines that train networks of several sizes", () => {
  let at: Rig

  const run = async (code: number, name: string, ...args: ReadonlyArray<string>) => {
    const finished = await pipeline(at, "run", name, ...args, "--json")
    expect(finished.code, finished.stderr + finished.stdout).toBe(code)
    return documentOf(finished)
  }
  const rowsOf = ({ results }: RunDocument) =>
    (results.table as unknown as { readonly networks: ReadonlyArray<Row> }).networks
  const trained = (layers: string) => `train-network[network=${layers}]`
  const conv = (filters: number) => trained(`conv ${filters}, pool 2, flatten, dense 128`)

  beforeAll(async () => {
    at = rig()
    await giveCifar10(at)
  })

  it("conv-sweep trains a network for each number of filters, draws all in one figure and lists them", async () => {
    const document = await run(0, "conv-sweep", "--filters", "[2,4]", "--epochs", "3")
    const nodes = ["ingest", conv(2), conv(4), "evaluate-network", "evaluate-network#2"]
    expect(ran(document)).toEqual(expect.arrayContaining([...nodes, "plot-sweep[networks=conv 2 to conv 4]"]))
    expect(nodeOf(document, conv(4)).rows).toBe(3)
    const rows = rowsOf(document)
    // 3x3x3 kernels with a bias each; 15x15 windows of them to 128 units; three classes
    const parameters = [2, 4].map((filters) => 28 * filters + 225 * filters * 128 + 128 + 129 * 3)
    expect(rows.map((row) => [row.name, row.parameters])).toEqual([
      ["conv 2", parameters[0]],
      ["conv 4", parameters[1]]
    ])
    for (const row of rows) {
      expect(row.bestEpoch).toBeGreaterThanOrEqual(1)
      expect(row.bestEpoch).toBeLessThanOrEqual(3)
      expect(row.validationAccuracy).toBeGreaterThanOrEqual(row.lastValidationAccuracy)
      expect(Number.isInteger(row.testAccuracy * 9)).toBe(true)
    }
    expect(filesIn(path.join(at.results, "conv-sweep"))).toEqual(
      [".results.json", "best.json", "curves.png", "curves.svg", "curves.vl.json", "report.html", "table.json"].sort()
    )
    const svg = fs.readFileSync(path.join(at.results, "conv-sweep/curves.svg"), "utf8")
    for (const name of ["conv 2", "conv 4"]) expect(svg).toMatch(new RegExp(`>${name}: \\d+\\.\\d % at epoch \\d<`))
  })

  it("another size trains its own network alone", async () => {
    const document = await run(0, "conv-sweep", "--filters", "[2,3,4]", "--epochs", "3")
    expect(ran(document).filter((node) => node.startsWith("train-network"))).toEqual([conv(3)])
    expect(rowsOf(document).map(({ name }) => name)).toEqual(["conv 2", "conv 3", "conv 4"])
  })

  it("its runs are compared by the best network of each", async () => {
    const finished = await pipeline(at, "compare", "conv-sweep", "--last", "2", "--json")
    expect(finished.code, finished.stderr).toBe(0)
    const { rows } = JSON.parse(finished.stdout)
    expect(rows.map(({ params }: { readonly params: object }) => params)).toEqual([
      { filters: [2, 4] },
      { filters: [2, 3, 4] }
    ])
    for (const { metrics } of rows) expect(Object.keys(metrics)).toEqual(["testAccuracy", "validationAccuracy"])
  })

  it("dense-sweep varies the width of the dense layer", async () => {
    const document = await run(0, "dense-sweep", "--units", "[3,5]", "--epochs", "1")
    expect(ran(document)).toEqual(
      expect.arrayContaining([3, 5].map((units) => trained(`conv 64, pool 2, flatten, dense ${units}`)))
    )
    expect(rowsOf(document).map(({ name }) => name)).toEqual(["dense 3", "dense 5"])
  })

  it("tells people of every network in a line", async () => {
    const finished = await pipeline(at, "run", "dense-sweep", "--units", "[3,5]", "--epochs", "1")
    expect(finished.code, finished.stderr).toBe(0)
    expect(finished.stdout).toMatch(
      /^best: test accuracy [\d.]+ %, validation accuracy [\d.]+ %\ntable:\n {2}name +best epoch .* test .*\n {2}dense 3 +1 .* %.*\n {2}dense 5 +1 /m
    )
  })

  it("refuses no sizes, equal ones, and what is no size, before anything runs", async () => {
    for (const filters of ["[]", "[2,2]", "[0]", "[1.5]", "16"]) {
      const { error } = await run(2, "conv-sweep", "--filters", filters)
      expect(error).toMatchObject({
        tag: "ParamInvalid",
        what: `Param "filters" is ${filters}`,
        expected: "a list of 1 to 20 different whole numbers from 1 to 65536"
      })
    }
  })
})
