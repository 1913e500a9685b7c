import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { documentOf, giveCifar10, nodeOf, pipeline, type Rig, rig, statuses, withPackage } from "../rig/cli.ts"

const native = "bin/napi-v6/linux/x64"

const small = ["--units", "8", "--epochs", "1"]
const run = async (at: Rig, ...args: ReadonlyArray<string>) => {
  const finished = await pipeline(at, "run", "transfer", ...small, ...args, "--json")
  return { ...finished, document: documentOf(finished) }
}
const noticesIn = (stderr: string) => stderr.split("\n").filter((line) => line.includes("onnxruntime-node"))

describe("a machine without a working ONNX runtime", () => {
  it("computes features with TensorFlow where the package is missing, with one notice, unless it is asked for by name", async () => {
    const at = rig({ root: withPackage("onnxruntime-node", (folder) => fs.rmSync(folder, { recursive: true })) })
    await giveCifar10(at)
    const byDefault = await run(at)
    expect(byDefault.code, byDefault.stderr).toBe(0)
    expect(noticesIn(byDefault.stderr)).toHaveLength(1)
    // the same key, and nothing to tell
    const byName = await run(at, "--runtime", "tensorflow")
    expect(nodeOf(byName.document, "extract-features")).toMatchObject({
      status: "reused",
      key: nodeOf(byDefault.document, "extract-features").key
    })
    expect(noticesIn(byName.stderr)).toEqual([])
    const missing = await run(at, "--runtime", "onnxruntime")
    expect(missing.code).toBe(1)
    expect(nodeOf(missing.document, "extract-features").error).toMatchObject({
      what: "The ONNX runtime isn't installed",
      fix: expect.stringContaining("--runtime tensorflow")
    })
  })

  it("fails the extraction where the library can't be loaded, naming the parameter to set", async () => {
    const at = rig({
      root: withPackage("onnxruntime-node", (folder) => fs.rmSync(path.join(folder, native, "libonnxruntime.so.1")))
    })
    await giveCifar10(at)
    const { code, document } = await run(at)
    expect(code).toBe(1)
    expect(statuses(document)).toMatchObject({ ingest: "ran", "extract-features": "failed", train: "skipped" })
    expect(nodeOf(document, "extract-features").error).toMatchObject({
      tag: "OnnxUnloadable",
      what: expect.stringContaining("libonnxruntime.so.1"),
      fix: expect.stringContaining("--runtime tensorflow")
    })
    expect((await run(at, "--runtime", "tensorflow")).code).toBe(0)
  })
})
