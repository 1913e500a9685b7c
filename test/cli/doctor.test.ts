import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { documentOf, giveCifar10, pipeline, project, type Rig, rig } from "../rig/cli.ts"

interface Check {
  readonly name: string
  readonly ok: boolean
  readonly found: string
  readonly fix: string | null
}

const examine = async (at: Rig) => {
  await giveCifar10(at)
  const finished = await pipeline(at, "doctor", "--json")
  const { checks, status } = documentOf(finished) as unknown as {
    readonly checks: ReadonlyArray<Check>
    readonly status: string
  }
  return { code: finished.code, status, wrong: checks.filter(({ ok }) => !ok), names: checks.map(({ name }) => name) }
}

/** A project with packages of its own, of which one is as `change` left it. */
const withPackage = (name: string, change: (folder: string) => void): string => {
  const root = project()
  const packages = path.join(root, "node_modules")
  const shared = fs.realpathSync(packages)
  fs.rmSync(packages)
  fs.mkdirSync(packages)
  for (const each of fs.readdirSync(shared).filter((each) => each !== name))
    fs.symlinkSync(path.join(shared, each), path.join(packages, each))
  fs.cpSync(path.join(shared, name), path.join(packages, name), { recursive: true })
  change(path.join(packages, name))
  return root
}

const native = "bin/napi-v6/linux/x64"

describe("pipeline doctor", () => {
  it("finds everything in order, native libraries loaded for real, and exits with 0", async () => {
    const { code, status, wrong, names } = await examine(rig())
    expect({ code, status, wrong }).toEqual({ code: 0, status: "done", wrong: [] })
    expect(names).toEqual(expect.arrayContaining(["Node", "TensorFlow computes", "ONNX runtime", "cache", "results"]))
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
