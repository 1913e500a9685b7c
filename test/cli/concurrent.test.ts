import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { filesIn, imageFolder, nodeOf, outcomeOf, type Rig, type RunDocument, rig, run, STORED } from "../rig/cli.ts"

/** How many of the runs computed each node. */
const computed = (documents: ReadonlyArray<RunDocument>) =>
  Object.fromEntries(
    STORED.map((node) => [node, documents.filter((each) => nodeOf(each, node).status === "ran").length])
  )

/** The results folder is one run's, whole: what its index says lies there, byte for byte, and its report beside it. */
const checkResults = ({ results }: Rig) => {
  expect(fs.readdirSync(results)).toEqual(["transfer"])
  const at = path.join(results, "transfer")
  const index: ReadonlyArray<readonly [string, string]> = JSON.parse(
    fs.readFileSync(path.join(at, ".results.json"), "utf8")
  )
  expect(filesIn(at)).toEqual([".results.json", "report.html", ...index.map(([file]) => file)].sort())
  for (const [file, digest] of index) {
    expect(
      createHash("sha256")
        .update(fs.readFileSync(path.join(at, file)))
        .digest("hex"),
      file
    ).toBe(digest)
  }
}

const leftovers = ({ home }: Rig) =>
  filesIn(home).filter((file) => path.basename(file).startsWith(".") || file.startsWith("leases/"))

describe("two processes at once", () => {
  let at: Rig
  let images: string

  beforeAll(async () => {
    images = await imageFolder({ train: 40 })
    at = rig()
  })

  it("the same run, in a project that was never built: each key is computed once, results are whole", async () => {
    const runs = await Promise.all([run(at, images), run(at, images)])
    const [one, other] = runs.map(({ document }) => document)
    if (one === undefined || other === undefined) return expect.fail("no document")
    expect(computed([one, other])).toEqual(Object.fromEntries(STORED.map((node) => [node, 1])))
    expect(outcomeOf(one)).toEqual(outcomeOf(other))
    expect(runs.map(({ stderr }) => stderr).join("")).toMatch(/^\S+: .*waiting$/m)
    checkResults(at)
    expect(leftovers(at)).toEqual([])
  })

  it("two seeds over the same features: what they share is reused, the rest runs in each, results are one of both", async () => {
    fs.rmSync(path.join(at.home, "traces/extract-features"), { recursive: true })
    const runs = await Promise.all([run(at, images, "--seed", "1"), run(at, images, "--seed", "2")])
    const documents = runs.map(({ document }) => document)
    expect(computed(documents)).toMatchObject({
      ingest: 0,
      "extract-features": 1,
      "extract-features[test]": 1,
      train: 2
    })
    checkResults(at)
    expect(leftovers(at)).toEqual([])
  })
})
