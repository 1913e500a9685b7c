import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { root } from "../rig/bundle.ts"
import { type Imports, importsOf, reach } from "../rig/imports.ts"

interface Kernel {
  readonly isKernel: (file: string) => boolean
  readonly codecs: ReadonlyArray<string>
}

/** Files that compute nothing of a result, each with its reason. */
const OUTSIDE: ReadonlyArray<readonly [RegExp, string]> = [
  [/^(worker\/|api\/given\.ts$)/, "sets up the process"],
  [
    /^(\.pipeline\/project|headrace\.config|images\/(project|live|doctor))\.ts$/,
    "joins the pipelines with the live layers"
  ],
  [/^pipelines\//, "wires stages; what comes of it are the nodes' own params and inputs"],
  [/^files\/source-files-disk\.ts$/, "finds bytes by their digest, and gives none that have another"],
  [/^images\/(wiring\/.*|params\/sizes)\.ts$/, "wires stages, as pipelines do"],
  [/^images\/(kinds\/.*|models\/(keras-model|whole-onnx))\.ts$/, "shows and exports what is kept already"]
]

const stageFiles = () =>
  fs
    .readdirSync(path.join(root, "stages"))
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `stages/${file}`)

/** Files that run in a worker and count neither by a stage's code nor by the format's number. */
const outOfSight = (imports: Imports, { isKernel }: Pick<Kernel, "isKernel">): ReadonlyArray<string> => {
  const stages = [...imports.keys()].filter((file) => path.dirname(file) === "stages")
  const counted = reach(imports, stages)
  return [...reach(imports, ["worker/main.ts", ".pipeline/project.ts"])].filter(
    (file) => !counted.has(file) && !isKernel(file) && !OUTSIDE.some(([which]) => which.test(file))
  )
}

describe("the kernel", () => {
  let kernel: Kernel
  let imports: Imports
  beforeAll(async () => {
    kernel = await import(path.join(root, "bin/kernel.mjs"))
    imports = await importsOf(["worker/main.ts", ".pipeline/project.ts", ...stageFiles()])
  })

  it("names codecs that are there, and none of the artifacts of the project's stages", () => {
    for (const file of kernel.codecs) expect([file, fs.existsSync(path.join(root, file))]).toEqual([file, true])
    for (const own of ["ClassNames", "Metrics", "Pixels", "TrainingState", "DatasetSummary"])
      expect([own, kernel.isKernel(`images/artifacts/${own}.ts`)]).toEqual([own, false])
  })

  it("reaches nothing but the kernel", () => {
    const files = [...imports.keys()].filter(kernel.isKernel)
    expect(files).toEqual(expect.arrayContaining(["engine/Compute.ts", "cache/Key.ts", "artifacts/ArrowTable.ts"]))
    expect([...reach(imports, files)].filter((file) => !kernel.isKernel(file))).toEqual([])
  })

  it("and the code of the stages are all that runs in a worker, but for what computes no result", () => {
    expect(outOfSight(imports, kernel)).toEqual([])
  })

  it("is all that this looks at: a file that moves out of both is told", () => {
    const without = (moved: string) => ({ isKernel: (file: string) => file !== moved && kernel.isKernel(file) })
    // nobody's but the worker's
    const added = new Map([
      ...imports,
      ["worker/main.ts", [...(imports.get("worker/main.ts") ?? []), "services/New.ts"]]
    ])
    expect(outOfSight(added, kernel)).toEqual(["services/New.ts"])
    expect(outOfSight(imports, without("engine/worker-runner.ts"))).toEqual(["engine/worker-runner.ts"])
  })
})
