import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import * as Backbone from "../../images/models/Backbone.ts"
import { offline, refused } from "../rig/bad-input.ts"
import { documentOf, giveCifar10, nodeOf, pipeline, type Rig, ran, rig, STORED, statuses } from "../rig/cli.ts"
import { folder } from "../rig/folder.ts"
import { mirror, SLIM, WIDE } from "../rig/mirror.ts"
import { describeWith } from "../rig/needs.ts"

const small = Backbone.get(SLIM)
const published = (name: Backbone.Name) => Backbone.weightsOf(Backbone.get(name)).file

describe("--backbone", () => {
  let at: Rig
  beforeAll(async () => {
    at = rig({ mirror: mirror([WIDE, SLIM]) })
    await giveCifar10(at)
  })
  const run = async (...args: ReadonlyArray<string>) => {
    const finished = await pipeline(at, "run", "transfer", "--units", "8", "--epochs", "1", ...args, "--json")
    return { ...finished, document: documentOf(finished) }
  }

  it("chooses the network, and with it the size that images are brought to; a node keeps its name", async () => {
    const first = await run("--backbone", small.name)
    expect(first.code, first.stderr).toBe(0)
    expect(statuses(first.document)).toMatchObject({ resize: "streamed", "resize[test]": "streamed" })
    expect(ran(first.document)).toEqual(STORED)
    const { stdout } = await pipeline(at, "inspect", "transfer/features", "--json")
    expect(JSON.parse(stdout)).toMatchObject({
      artifact: "Features@1",
      columns: [
        { name: "feature", type: "float32 [1280]" },
        { name: "label", type: "int32" }
      ]
    })
  })

  it("gives each network features of its own, and finds those of a network that it had before", async () => {
    const other = await run()
    expect(other.code, other.stderr).toBe(0)
    expect(statuses(other.document)).toMatchObject({ ingest: "reused", "extract-features": "ran" })
    const again = await run("--backbone", small.name)
    expect(ran(again.document)).toEqual([])
    expect(nodeOf(again.document, "extract-features").key).not.toBe(nodeOf(other.document, "extract-features").key)
  })

  it("refuses weights of another width under the network's name, naming file, layer and shapes", async () => {
    const file = path.join(at.mirror, published("mobilenet_v2_0.5_96"))
    fs.copyFileSync(path.join(at.mirror, small.weights.file), file)
    const { code, document } = await run("--backbone", "mobilenet_v2_0.5_96")
    expect(code).toBe(1)
    expect(statuses(document)).toMatchObject({ ingest: "reused", "extract-features": "failed", train: "skipped" })
    expect(nodeOf(document, "extract-features").error).toMatchObject({
      tag: "WeightMisshapen",
      what: `In ${file} the weight "kernel" of layer "block_1_project" has the shape [1, 1, 48, 8]`,
      expected: "[1, 1, 48, 16]",
      fix: "Use the file that was made for this network, of the same width."
    })
  })
})

describe("a backbone that is not to be had", () => {
  it("is refused where nobody knows its name", async () => {
    expect(await refused(["run", "transfer", "--backbone", "mobilenet_v2_1.3_96"], 2)).toMatchObject({
      tag: "ParamInvalid",
      what: 'Param "backbone" is "mobilenet_v2_1.3_96"',
      expected: expect.stringContaining("mobilenet_v2_ALPHA_SIZE of alpha 0.35, 0.5, 0.75, 1.0 and size 96, 128"),
      fix: "Try --backbone mobilenet_v2_1.0_224."
    })
  })

  describeWith(["mounts"], "without a network", () => {
    it("fails before anything runs where there is no weight file, naming the file, its URL and the way out", async () => {
      const empty = folder("mirror")
      const dataset = folder("images")
      for (const name of ["cat", "dog"]) fs.mkdirSync(path.join(dataset, name))
      const failure = await refused(
        ["run", "transfer", "--dataset", dataset, "--backbone", "mobilenet_v2_1.4_224"],
        1,
        {
          env: { PIPELINE_MIRROR: empty },
          under: offline
        }
      )
      expect(failure).toMatchObject({
        tag: "SourceUnavailable",
        what: expect.stringMatching(
          /^mobilenet_v2_1\.4_224_no_top is not to be had: https:.*_1\.4_224_no_top\.h5 is out of/
        ),
        expected: expect.stringMatching(
          new RegExp(
            `^this file in the mirror ${empty}:\n  ${published("mobilenet_v2_1.4_224")}, https:.*_1\\.4_224_no_top\\.h5$`
          )
        ),
        fix: expect.stringMatching(/^Copy it there, .*another --backbone.*--dataset sample and --backbone random\.$/)
      })
      expect(failure.document.nodes?.filter(({ status }) => status === "ran") ?? []).toEqual([])
    })
  })
})
