import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { documentOf, filesIn, giveCifar10, pipeline, type Rig, rig, withPackage } from "../rig/cli.ts"
import { folder } from "../rig/folder.ts"

interface Check {
  readonly name: string
  readonly ok: boolean
  readonly found: string
  readonly fix: string | null
}

const examine = async (at: Rig) => {
  const finished = await pipeline(at, "doctor", "--json")
  const { checks, status } = documentOf(finished) as unknown as {
    readonly checks: ReadonlyArray<Check>
    readonly status: string
  }
  const found = Object.fromEntries(checks.map(({ name, found }) => [name, found]))
  return { code: finished.code, status, wrong: checks.filter(({ ok }) => !ok), found }
}

const native = "bin/napi-v6/linux/x64"

describe("pipeline doctor", () => {
  it("finds everything in order, native libraries loaded for real, and exits with 0", async () => {
    const at = rig()
    await giveCifar10(at)
    const { code, status, wrong, found } = await examine(at)
    expect({ code, status, wrong }).toEqual({ code: 0, status: "done", wrong: [] })
    const names = ["Node", "TensorFlow computes", "ONNX runtime", "cache", "results"]
    expect(Object.keys(found)).toEqual(expect.arrayContaining(names))
    expect(found["dataset cifar10"]).toBe(`cifar10 (image-folder edition), ${at.mirror}/cifar10-images.tar.gz`)
    expect(found["MobileNetV2 weights"]).toMatch(new RegExp(`, ${at.mirror}/mobilenet_v2_.*\\.h5$`))
  })

  it("only looks for data: what isn't there will be downloaded, by whoever runs a pipeline", async () => {
    const at = rig({ mirror: folder("headrace-empty") })
    const { code, found } = await examine(at)
    expect(code).toBe(0)
    expect(found["dataset cifar10"]).toMatch(
      /^cifar10 \(official .*\), will be downloaded \(170 MB\) from https:.*\.tar\.gz$/
    )
    expect(found["MobileNetV2 weights"]).toMatch(/, will be downloaded \(9.41 MB\) from https:.*\.h5$/)
    expect(found["without them"]).toBe("--dataset sample and --backbone random need no network")
    expect(filesIn(at.home)).toEqual([])
    // the lossy edition stands in where there is no network
    await giveCifar10(at)
    fs.rmSync(path.join(at.home, "sources"), { recursive: true })
    expect((await examine(at)).found["dataset cifar10"]).toMatch(
      /, will be downloaded \(170 MB\) from https:.*; without a network: cifar10 \(image-folder edition\), \/.*$/
    )
  })

  it("names a runtime whose library is gone, or ends the process that loads it, and the way out", async () => {
    const without = withPackage("onnxruntime-node", (at) => fs.rmSync(path.join(at, native, "libonnxruntime.so.1")))
    const cut = withPackage("onnxruntime-node", (at) =>
      fs.truncateSync(path.join(at, native, "libonnxruntime.so.1"), 1_000_000)
    )
    for (const root of [without, cut]) {
      const { code, wrong } = await examine(rig({ root }))
      expect(code).toBe(1)
      expect(wrong.map(({ name }) => name)).toEqual(["ONNX runtime"])
      expect(wrong[0]?.found).toMatch(/libonnxruntime|SIGBUS|SIGSEGV/)
      expect(wrong[0]?.fix).toContain("--runtime tensorflow")
    }
  })

  it("names a folder that can't be written", async () => {
    const at = rig()
    const file = `${at.results}-taken`
    fs.writeFileSync(file, "")
    const { code, wrong } = await examine({ ...at, results: path.join(file, "results") })
    expect(code).toBe(1)
    expect(wrong).toMatchObject([{ name: "results", fix: expect.stringContaining("PIPELINE_RESULTS") }])
  })
})
