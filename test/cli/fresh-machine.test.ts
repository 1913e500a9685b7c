import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { documentOf, filesIn, pipeline, type Rig, type RunDocument, ran, rig, STORED } from "../rig/cli.ts"
import { folder } from "../rig/folder.ts"

const sample = ["transfer", "--dataset", "sample", "--backbone", "random", "--units", "64", "--epochs", "3"]

describe("a machine with neither mirror nor network", () => {
  let at: Rig
  let document: RunDocument
  let stderr: string

  beforeAll(async () => {
    at = rig({ mirror: folder("headrace-empty") })
    const finished = await pipeline(at, "run", ...sample, "--json")
    expect(finished.code, finished.stderr).toBe(0)
    document = documentOf(finished)
    stderr = finished.stderr
  })

  it("runs all of transfer on images that are drawn and a network that was never trained", () => {
    expect(ran(document)).toEqual(STORED)
    expect(filesIn(path.join(at.home, "downloads"))).toEqual(["mobilenet_v2_0.35_96_random.h5", "sample.tar"])
    for (const name of ["model", "curves", "confusion", "mistakes", "gallery"])
      expect(fs.existsSync(document.results[name]?.path ?? "none"), name).toBe(true)
  })

  it("sees more than chance and less than everything", () => {
    expect(document.results.metrics.testAccuracy).toBeGreaterThan(0.15)
    expect(document.results.metrics.testAccuracy).toBeLessThan(0.9)
  })

  it("says once that the features know nothing of photographs", () => {
    expect(stderr.match(/know nothing of photographs/g)).toHaveLength(1)
  })

  it("finds all of it again, and says so again", async () => {
    const again = await pipeline(at, "run", ...sample, "--json")
    expect(ran(documentOf(again))).toEqual([])
    expect(again.stderr.match(/know nothing of photographs/g)).toHaveLength(1)
  })

  it("tells a sweep once, and neither a plan nor those who look", async () => {
    const sweep = await pipeline(at, "sweep", ...sample, "--over", "learning-rate=0.001,0.002", "--json")
    expect(sweep.code, sweep.stderr).toBe(0)
    expect(sweep.stderr.match(/know nothing of photographs/g)).toHaveLength(1)
    for (const looking of [["plan", ...sample], ["why", ...sample], ["list"], ["inspect", "transfer/features"]]) {
      const { code, stdout, stderr: told } = await pipeline(at, ...looking)
      expect(code, told).toBe(0)
      expect(`${stdout}${told}`, looking[0]).not.toContain("photographs")
    }
  })
})
