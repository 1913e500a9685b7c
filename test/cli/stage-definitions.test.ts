import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, expect, it } from "vitest"
import { documentOf, imageFolder, nodeOf, pipeline, type Rig, ran, rig } from "../rig/cli.ts"

// A stage that a function makes, with a value that is no parameter: it counts by the file that exports it, or is refused.

let at: Rig
let images: string
beforeAll(async () => {
  images = await imageFolder({ train: 4, test: 2 })
  at = rig()
})

const NETWORK = '[{"kind":"flatten"},{"kind":"dense","units":4,"activation":"relu"}]'
const run = async () => {
  const args = ["--dataset", images, "--network", NETWORK, "--epochs", "1", "--validation", "test", "--json"]
  const finished = await pipeline(at, "run", "simple-cnn", ...args)
  return { code: finished.code, document: documentOf(finished) }
}

const edit = (file: string, ...changes: ReadonlyArray<readonly [RegExp, string]>) => {
  const full = path.join(at.root, file)
  const before = fs.readFileSync(full, "utf8")
  let text = before
  for (const [from, to] of changes) {
    expect(text).toMatch(from)
    text = text.replace(from, to)
  }
  fs.writeFileSync(full, text)
  return () => fs.writeFileSync(full, before)
}

it("in the file of its name: what it is made with is that file's code", async () => {
  edit(
    "stages/normalize.ts",
    [/export const normalize = Stage.map/, "export const normalizeBy = (by: number) => Stage.map"],
    [/ \/ 255$/m, " / by"],
    [/$/, "export const normalize = normalizeBy(255)\n"]
  )
  const first = await run()
  expect([first.code, ran(first.document)]).toEqual([0, expect.arrayContaining(["train-network", "evaluate-network"])])
  edit("stages/normalize.ts", [/normalizeBy\(255\)/, "normalizeBy(100)"])
  const second = await run()
  expect(nodeOf(second.document, "train-network")).toMatchObject({
    status: "ran",
    reason: "code changed in stages/normalize.ts (through normalize)"
  })
})

it("in another file is refused by name: an edit there would change results and no key", async () => {
  const undo = [
    edit(
      "stages/evaluate-network.ts",
      [/export const evaluateNetwork = Stage.make/, "export const evaluateNetworkBy = (_by: number) => Stage.make"],
      [/$/, "export const evaluateNetwork = evaluateNetworkBy(1)\n"]
    ),
    edit("images/wiring/on-images.ts", [
      /import \{ evaluateNetwork \} from "..\/..\/stages\/evaluate-network.ts"/,
      'import { evaluateNetworkBy } from "../../stages/evaluate-network.ts"\nconst evaluateNetwork = evaluateNetworkBy(2)'
    ])
  ]
  const { code, document } = await run()
  for (const each of undo) each()
  expect([code, document.status]).toEqual([1, "failed"])
  expect(nodeOf(document, "train-network").status).toBe("reused")
  expect(nodeOf(document, "evaluate-network")).toMatchObject({
    status: "failed",
    key: null,
    error: {
      tag: "StageMadeElsewhere",
      what: 'The stage "evaluate-network" is not the one that stages/evaluate-network.ts exports',
      fix: "Make it at the top of that file, and let a parameter say what varies."
    }
  })
})

it("in another file than other pipelines have it from ends every command with its name", async () => {
  const undo = edit("images/wiring/on-images.ts", [
    /import \{ normalize \} from "..\/..\/stages\/normalize.ts"/,
    'import { normalizeBy } from "../../stages/normalize.ts"\nconst normalize = normalizeBy(255)'
  ])
  const told = await pipeline(at, "list")
  undo()
  expect([told.code, told.stdout]).toEqual([1, ""])
  expect(told.stderr).toContain('The name "normalize" stands for two definitions in conv-sweep and transfer;')
})

it("twice in one pipeline ends every command with its name", async () => {
  const undo = edit(
    "images/wiring/on-images.ts",
    [/import \{ normalize \}/, "import { normalize, normalizeBy }"],
    [/const test = normalize\(/, "const test = normalizeBy(1)("]
  )
  const told = await pipeline(at, "list")
  expect([told.code, told.stdout]).toEqual([1, ""])
  expect(told.stderr).toMatch(
    /^error: The name "normalize" stands for two definitions in \S+; expected one definition a name\. Make it once, at the top of stages\/normalize\.ts, and let a parameter say what varies\.\n$/
  )
  expect(documentOf(await pipeline(at, "list", "--json"))).toMatchObject({
    status: "failed",
    error: { tag: "DefinitionInvalid", expected: "one definition a name" }
  })
  undo()
  expect((await pipeline(at, "list")).code).toBe(0)
})
