import { beforeAll, describe, expect, it } from "vitest"
import { documentOf, giveCifar10, nodeOf, pipeline, type Rig, ran, rig, statuses } from "../rig/cli.ts"

const viewsOf = (document: Parameters<typeof ran>[0]) => ran(document).filter((node) => node.includes("view="))

describe("--views", () => {
  let at: Rig
  beforeAll(async () => {
    at = rig()
    await giveCifar10(at)
  })
  const run = async (...args: ReadonlyArray<string>) => {
    const finished = await pipeline(at, "run", "transfer", "--units", "8", "--epochs", "1", ...args, "--json")
    expect(finished.code, `${finished.stderr}${finished.stdout}`).toBe(0)
    return documentOf(finished)
  }

  it("extracts each view of the training images by itself: from two to four, only two", async () => {
    const two = await run("--views", "2")
    expect(statuses(two)).toMatchObject({
      "augment[view=1]": "streamed",
      "augment[view=2]": "streamed",
      "extract-features": "ran",
      "extract-features[view=1]": "ran",
      "extract-features[view=2]": "ran",
      "extract-features[test]": "ran"
    })
    const rows = ["extract-features", "extract-features[view=1]", "extract-features[view=2]"].map(
      (node) => nodeOf(two, node).rows
    )
    expect(rows).toEqual([24, 24, 24])
    expect(nodeOf(two, "extract-features[test]").rows).toBe(9)

    const four = await run("--views", "4")
    expect(ran(four).filter((node) => node.startsWith("extract-features"))).toEqual([
      "extract-features[view=3]",
      "extract-features[view=4]"
    ])
    expect(ran(four)).toContain("train")
    // no two views of the images are the same
    const keys = [1, 2, 3, 4].map((view) => nodeOf(four, `extract-features[view=${view}]`).key)
    expect(new Set(keys).size).toBe(4)
    expect(ran(await run("--views", "2"))).toEqual([])
  })

  it("finds the views again for another seed of the training, and for none of them", async () => {
    expect(ran(await run("--views", "2", "--seed", "7")).filter((node) => node.startsWith("extract"))).toEqual([])
    const none = await run()
    expect(ran(none).filter((node) => node.startsWith("extract"))).toEqual([])
    expect(none.nodes.filter(({ node }) => node.includes("view="))).toEqual([])
  })

  it("are extracted anew, and nothing else is, where they are drawn otherwise", async () => {
    for (const [option, value] of [
      ["--rotation", "0.2"],
      ["--flip", "false"]
    ] as const) {
      const document = await run("--views", "1", option, value)
      expect(viewsOf(document)).toEqual(["extract-features[view=1]"])
      expect(statuses(document)).toMatchObject({ "extract-features": "reused", "extract-features[test]": "reused" })
      expect(nodeOf(document, "extract-features[view=1]").reason).toContain(option.slice(2))
    }
  })
})
