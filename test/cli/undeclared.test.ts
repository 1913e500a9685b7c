import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, expect, it } from "vitest"
import { documentOf, imageFolder, nodeOf, pipeline, type Rig, ran, rig } from "../rig/cli.ts"

// A stage of the project that reads what no key holds: before, one key had two values. `normalize` is streamed, so that it
// is computed within its consumers.

let at: Rig
let images: string
beforeAll(async () => {
  images = await imageFolder({ train: 4, test: 2 })
  at = rig()
})

const NETWORK = '[{"kind":"flatten"},{"kind":"dense","units":4,"activation":"relu"}]'
const run = async (env: Readonly<Record<string, string>> = {}) => {
  const args = ["--dataset", images, "--network", NETWORK, "--epochs", "1", "--validation", "test", "--json"]
  return documentOf(await pipeline({ ...at, env }, "run", "simple-cnn", ...args))
}

const original = () => fs.readFileSync(path.join(import.meta.dirname, "../../stages/normalize.ts"), "utf8")
/** The stage as it is, with another divisor and what that needs. */
const normalizing = (by: string, { above = "", declares = "" } = {}) => {
  const text = `${above}${original()}`
    .replace(" / 255\n", ` / ${by}\n`)
    .replace('name: "normalize",', `name: "normalize",\n  ${declares}`)
  expect(text).toContain(by)
  fs.writeFileSync(path.join(at.root, "stages/normalize.ts"), text)
}

it("a variable that is not declared fails the nodes that read it, by name; declared, its value is in their keys", async () => {
  normalizing("(Number(process.env.SCALE) || 255)")
  expect(nodeOf(await run({ SCALE: "100" }), "train-network")).toMatchObject({
    status: "failed",
    error: {
      tag: "UndeclaredRead",
      what: "stages/normalize.ts reads the environment variable SCALE, which no key holds",
      expected: "a variable that the stage normalize declares",
      fix: 'Add environment: ["SCALE"] (or secrets) to its definition, or make it a parameter.'
    }
  })
  normalizing("(Number(process.env.SCALE) || 255)", { declares: 'environment: ["SCALE"],' })
  const first = await run()
  expect([first.status, ran(first)]).toEqual(["done", expect.arrayContaining(["train-network", "evaluate-network"])])
  const second = await run({ SCALE: "100" })
  expect(nodeOf(second, "train-network")).toMatchObject({
    status: "ran",
    reason: 'environment variable SCALE was not set, is "100" (through normalize)'
  })
  expect(ran(await run())).toEqual([])
  expect(ran(await run({ SCALE: "100", OTHER: "1" }))).toEqual([])
})

it("the same while its file is loaded, and for a file that is no input", async () => {
  normalizing("SCALE", { above: "const SCALE = Number(process.env.SCALE) || 255\n" })
  expect(nodeOf(await run(), "train-network").error?.what).toContain(
    "stages/normalize.ts reads the environment variable"
  )
  const scale = path.join(at.root, "scale.txt")
  fs.writeFileSync(scale, "255")
  const above = 'import { readFileSync } from "node:fs"\n'
  normalizing(`Number(readFileSync("${scale}", "utf8"))`, { above })
  const { status, error } = nodeOf(await run(), "train-network")
  expect([status, error?.tag]).toEqual(["failed", "UndeclaredRead"])
  expect(error?.what).toBe(`stages/normalize.ts reads the file ${scale}, which no key holds`)
})
