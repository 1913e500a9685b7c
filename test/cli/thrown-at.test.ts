import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "vitest"
import { documentOf, imageFolder, nodeOf, pipeline, rig } from "../rig/cli.ts"

// `normalize` is a function of a row that is streamed: it is called by Headrace's own code, within the node that takes its rows.

it("a bug in the function of a row is told with its row and its line, where Headrace lies beside the stages", async () => {
  const at = rig()
  const images = await imageFolder({ train: 4, test: 2 })
  const file = path.join(at.root, "stages/normalize.ts")
  const text = fs.readFileSync(file, "utf8")
  const wrong = text.replace("image.data[index] as number", "[image.data][1]![index] as number")
  fs.writeFileSync(file, wrong)
  const line = wrong.split("\n").findIndex((each) => each.includes("[1]!")) + 1
  expect(line).toBeGreaterThan(0)
  const document = documentOf(await pipeline(at, "run", "simple-cnn", "--dataset", images, "--json"))
  expect(nodeOf(document, "train-network").error).toMatchObject({
    tag: "RowFailed",
    what: expect.stringMatching(/^Stage "normalize" failed at row 0 .*undefined/),
    at: `stages/normalize.ts:${line}`
  })
})
