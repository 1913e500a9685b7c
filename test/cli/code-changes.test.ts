import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { imageFolder, nodeOf, outcomeOf, type Rig, type RunDocument, ran, rig, run } from "../rig/cli.ts"

const EXTRACTIONS = ["extract-features", "extract-features[test]", "extract-features[validation]"]

describe("editing the project", () => {
  let at: Rig
  let images: string
  let first: RunDocument

  const edit = (file: string, from: string, to: string) => {
    const full = path.join(at.root, file)
    const text = fs.readFileSync(full, "utf8")
    expect(text).toContain(from)
    fs.writeFileSync(full, text.replace(from, to))
  }
  const again = async () => (await run(at, images)).document

  beforeAll(async () => {
    images = await imageFolder({ train: 30 })
    at = rig()
    first = await again()
  })

  it("a comment, a type or another layout of the same code reruns nothing", async () => {
    edit("images/models/resize-bilinear.ts", "export const", "// said in other words\nexport const")
    edit("images/services/Tensorflow.ts", "export class", "export type NobodyReadsThis = string\n\nexport class")
    edit(
      "images/shared/fitting.ts",
      "const percent = (share: number): string =>",
      "const percent  =  (share : number)  =>"
    )
    expect(ran(await again())).toEqual([])
  })

  it("code that resize-to-224 reaches reruns the extraction, and nothing more, since the features come out the same", async () => {
    edit("images/models/resize-bilinear.ts", "export const", "export const nobodyReadsThis = 1\nexport const")
    const document = await again()
    expect([...ran(document)].sort()).toEqual(EXTRACTIONS)
    for (const node of EXTRACTIONS) {
      expect(nodeOf(document, node).reason).toContain("code changed in images/models/resize-bilinear.ts")
      expect(nodeOf(document, node).reason).toContain("through resize-to-224")
      expect(nodeOf(document, node).chunks?.reused).toBe(0)
    }
    expect(document.results).toEqual(first.results)
    expect(ran(await again())).toEqual([])
  })

  it("the live layer of a service reruns the stages that reach it; what only follows them is reused", async () => {
    edit(
      "images/services/Tensorflow.ts",
      "async function load(): Promise<Tf> {",
      "async function load(): Promise<Tf> {\n  0"
    )
    const document = await again()
    // training and evaluation compute with TensorFlow themselves; ingest and plot do not
    expect([...ran(document)].sort()).toEqual(["evaluate", ...EXTRACTIONS, "train"])
    for (const node of ran(document)) expect(nodeOf(document, node).reason).toContain("images/services/Tensorflow.ts")
    expect(document.results).toEqual(first.results)
  })

  it("code that is put back finds what it made before", async () => {
    edit("images/models/resize-bilinear.ts", "export const nobodyReadsThis = 1\n", "")
    edit(
      "images/services/Tensorflow.ts",
      "async function load(): Promise<Tf> {\n  0",
      "async function load(): Promise<Tf> {"
    )
    const document = await again()
    expect(ran(document)).toEqual([])
    expect(outcomeOf(document)).toEqual(outcomeOf(first))
  })
})
