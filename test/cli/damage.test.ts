import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import {
  chunkOf,
  documentOf,
  flip,
  imageFolder,
  nodeOf,
  objectOf,
  outcomeOf,
  pipeline,
  type Rig,
  type RunDocument,
  ran,
  ranChunks,
  rig,
  run,
  small,
  statuses,
  tracesOf,
  warnings
} from "../rig/cli.ts"
import { mirror, SLIM } from "../rig/mirror.ts"

/** Which network makes the features is beside the point. */
const slim = ["--backbone", SLIM]

/** What a plan says of a node, and what may then become of it. */
const ALLOWED: Readonly<Record<string, ReadonlyArray<string>>> = {
  reuse: ["reused"],
  run: ["ran"],
  maybe: ["reused", "ran"],
  stream: ["streamed", "skipped"]
}

describe("a damaged cache", () => {
  let at: Rig
  let images: string
  let whole: RunDocument

  beforeAll(async () => {
    images = await imageFolder({ train: 20, test: 4 })
    at = rig({ mirror: mirror([SLIM]) })
    whole = (await run(at, images, ...slim)).document
  })

  const damage = { deleted: (file: string) => fs.rmSync(file), corrupted: flip }
  const forget = (...stages: ReadonlyArray<string>) => {
    for (const stage of stages) fs.rmSync(path.join(at.home, "traces", stage), { recursive: true })
  }

  /** Runs again: the plan said what would happen, and the outcome is that of the undamaged cache. */
  const recovers = async () => {
    const planned = documentOf(await pipeline(at, "plan", "transfer", "--dataset", images, ...small, ...slim, "--json"))
    const finished = await run(at, images, ...slim)
    const { document } = finished
    for (const [node, status] of Object.entries(statuses(planned))) {
      expect(ALLOWED[status], `${node}: ${status}`).toContain(statuses(document)[node])
    }
    expect(outcomeOf(document)).toEqual(outcomeOf(whole))
    for (const file of ["model/model.json", "metrics.json", "curves.png", "confusion.svg"])
      expect(fs.existsSync(path.join(at.results, "transfer", file)), file).toBe(true)
    return finished
  }

  // an object is needed where what was made from it is gone, or what people open is
  for (const [what, node, output, needer] of [
    ["a table of images", "ingest", "train", "extract-features"],
    ["features", "extract-features", "features", "train"],
    ["a model", "train", "model", "evaluate"],
    ["a history", "train", "history", "plot"],
    ["a document", "evaluate", "metrics", null],
    ["a figure", "plot", "curves", null]
  ] as const) {
    for (const how of ["deleted", "corrupted"] as const) {
      it(`${what} is ${how}: computed again, with one warning`, async () => {
        if (needer === null) fs.rmSync(at.results, { recursive: true })
        else forget(needer)
        damage[how](objectOf(at, node, node, output))
        const { document, stderr } = await recovers()
        expect(nodeOf(document, node).status).toBe("ran")
        expect(nodeOf(document, node).reason).toContain(how === "deleted" ? "is missing" : "is corrupt")
        // forgetting the needer is worth a warning of its own
        expect(
          warnings(stderr).filter((line) => line.includes("An object")),
          stderr
        ).toHaveLength(1)
      })
    }
  }

  it("an object that nobody needs may be gone", async () => {
    fs.rmSync(objectOf(at, "ingest", "ingest", "train"))
    const { document, stderr } = await recovers()
    expect(ran(document)).toEqual([])
    expect(warnings(stderr)).toEqual([])
  })

  for (const stage of ["ingest", "extract-features", "train", "evaluate", "plot"]) {
    it(`the trace of ${stage} is corrupted, then deleted: computed again, with one warning`, async () => {
      for (const how of ["corrupted", "deleted"] as const) {
        const trace = tracesOf(at, stage).find(({ node }) => node === stage)
        damage[how](trace?.file ?? "")
        const { document, stderr } = await recovers()
        expect(ran(document)).toEqual([stage])
        expect(warnings(stderr), stderr).toHaveLength(1)
      }
    })
  }

  for (const what of ["trace", "object"] as const) {
    for (const how of ["deleted", "corrupted"] as const) {
      it(`a chunk's ${what} is ${how}: that chunk alone is computed again`, async () => {
        const chunk = chunkOf(at)
        for (const { file } of tracesOf(at, "extract-features")) fs.rmSync(file)
        damage[how](what === "trace" ? chunk.trace : chunk.object)
        const { document, stderr } = await recovers()
        expect(ran(document)).toEqual(["extract-features", "extract-features[validation]", "extract-features[test]"])
        expect(ranChunks(document)).toBe(1)
        // a chunk's trace that is gone cannot be told from one that never was
        const isSilent = what === "trace" && how === "deleted"
        // the node traces were removed too, which is a warning each
        expect(warnings(stderr).filter((line) => line.includes("chunk"))).toHaveLength(isSilent ? 0 : 1)
      })
    }
  }

  // the files that people have are whole, so nobody opens the object; it is a loss all the same
  for (const [node, output, how] of [
    ["evaluate", "metrics", "deleted"],
    ["evaluate", "metrics", "corrupted"],
    ["train", "model", "corrupted"],
    ["plot", "heatmap", "deleted"]
  ] as const) {
    it(`the result ${output} is ${how} beside a whole results folder: computed again, as the plan says`, async () => {
      damage[how](objectOf(at, node, node, output))
      const { document, stderr } = await recovers()
      expect(ran(document)).toEqual([node])
      expect(warnings(stderr), stderr).toHaveLength(1)
    })
  }

  it("after all that, nothing is left to do", async () => {
    expect(ran((await run(at, images, ...slim)).document)).toEqual([])
  })
})
