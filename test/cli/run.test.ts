import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import {
  documentOf,
  type Finished,
  filesIn,
  giveCifar10,
  nodeOf,
  pipeline,
  type Rig,
  type RunDocument,
  ran,
  rig,
  STORED,
  start,
  statuses
} from "../rig/cli.ts"
import { folder } from "../rig/folder.ts"

/** Has every process write down what is mapped into its memory when it ends, workers too, which get no such option by themselves. */
const mapsHook = () => {
  const at = folder("headrace-maps")
  const hook = path.join(folder("headrace-hook"), "maps.cjs")
  fs.writeFileSync(
    hook,
    `const fs = require("node:fs")
     const processes = require("node:child_process")
     const { fork } = processes
     processes.fork = (module, args, { env, ...options }) =>
       fork(module, args, { ...options, env: { ...env, NODE_OPTIONS: process.env.NODE_OPTIONS } })
     const file = ${JSON.stringify(at)} + "/" + process.pid
     fs.writeFileSync(file, "still running")
     process.on("exit", () => fs.writeFileSync(file, fs.readFileSync("/proc/self/maps")))`
  )
  return { at, env: { NODE_OPTIONS: `--require=${hook}` } }
}

/** By process, the command first: whether TensorFlow's library was in its memory. */
const loadedTensorflow = (at: string, command: number): ReadonlyArray<boolean> => {
  const workers = fs.readdirSync(at).filter((pid) => pid !== String(command))
  return [String(command), ...workers].map((pid) =>
    fs.readFileSync(path.join(at, pid), "utf8").includes("libtensorflow")
  )
}

describe("pipeline run transfer", () => {
  let at: Rig
  let first: {
    readonly document: RunDocument
    readonly told: string
    readonly tensorflow: ReadonlyArray<boolean>
  }

  const withMaps = async (...args: ReadonlyArray<string>) => {
    const { at: maps, env } = mapsHook()
    const { pid, finished } = start({ ...at, env }, ...args)
    return { finished: await finished, tensorflow: loadedTensorflow(maps, pid) }
  }
  const good = (finished: Finished): Finished => {
    expect(finished.code, finished.stderr).toBe(0)
    return finished
  }

  beforeAll(async () => {
    at = rig()
    await giveCifar10(at)
    good(await pipeline(at, "list"))
    const { finished, tensorflow } = await withMaps("run", "transfer", "--json")
    first = { document: documentOf(good(finished)), told: finished.stderr, tensorflow }
  })

  it("prints one document: every node in topological order, with null where a field does not exist", () => {
    const { document } = first
    expect(document).toMatchObject({ schema: 1, pipeline: "transfer", status: "done" })
    expect(document.run).toMatch(/^\d{8}-\d{6}-[0-9a-f]{7}$/)
    expect(document.seconds).toBeGreaterThan(0)
    expect(Object.keys(document.nodes[0] ?? {}).sort()).toEqual(
      [
        "bytes",
        "chunks",
        "error",
        "key",
        "node",
        "printed",
        "reason",
        "rows",
        "seconds",
        "stage",
        "status",
        "told"
      ].sort()
    )
    expect(document.nodes.filter(({ status }) => status === "ran").map(({ node }) => node)).toEqual(
      expect.arrayContaining(STORED)
    )
    const streamed = {
      key: null,
      seconds: null,
      bytes: null,
      rows: null,
      chunks: null,
      reason: null,
      told: null,
      error: null,
      printed: null
    }
    expect(nodeOf(document, "normalize[test]")).toEqual({
      ...streamed,
      node: "normalize[test]",
      stage: "normalize",
      status: "streamed"
    })
    expect(nodeOf(document, "extract-features")).toMatchObject({
      stage: "extract-features",
      rows: 24,
      chunks: { reused: 0, ran: 1 },
      error: null
    })
    expect(nodeOf(document, "train")).toMatchObject({ chunks: null, reason: "it has no result yet" })
    const place = (node: string) => document.nodes.findIndex((each) => each.node === node)
    for (const [parent, child] of [
      ["ingest", "normalize"],
      ["normalize", "resize-to-224"],
      ["resize-to-224", "extract-features"],
      ["extract-features", "train"],
      ["extract-features[test]", "evaluate"],
      ["train", "evaluate"],
      ["evaluate", "plot"],
      ["evaluate", "mistakes"],
      ["mistakes", "plot-mistakes"]
    ] as const)
      expect(place(parent), `${parent} before ${child}`).toBeLessThan(place(child))
  })

  it("tells of a table's rows where a node makes one table, and sums up none of several", () => {
    const size = (node: string) =>
      first.told
        .split("\n")
        .find((line) => line.startsWith(`${node}: done`))
        ?.replace(/^[^(]*/, "")
    expect(size("extract-features")).toMatch(/^\(24 rows, [\d.]+ kB\)$/)
    for (const node of ["ingest", "evaluate", "train"]) expect(size(node)).toMatch(/^\([\d.]+ [kM]?B\)(: |$)/)
  })

  it("gives a document's value, and for the rest a file that is there and a digest", () => {
    const { model, metrics, curves, confusion } = first.document.results
    expect(metrics.testAccuracy).toBeGreaterThan(0)
    for (const result of [model, curves, confusion]) {
      expect(result?.digest).toMatch(/^[0-9a-f]{64}$/)
      expect(fs.existsSync(result?.path ?? "")).toBe(true)
    }
    const files = filesIn(path.join(at.results, "transfer"))
    expect(files).toEqual(expect.arrayContaining(["metrics.json", "curves.png", "confusion.svg", "model/model.json"]))
  })

  it("loads TensorFlow in one worker, never in the command", () => {
    const [command, ...workers] = first.tensorflow
    expect(command).toBe(false)
    expect(workers.filter((loaded) => loaded)).toHaveLength(1)
  })

  it("gives the same bytes whatever switches of native libraries are set where it is called", async () => {
    const switches = { TF_ENABLE_ONEDNN_OPTS: "0", ONEDNN_MAX_CPU_ISA: "SSE41", OMP_NUM_THREADS: "7" }
    const elsewhere = rig({ root: at.root, mirror: at.mirror, env: switches })
    const document = documentOf(good(await pipeline(elsewhere, "run", "transfer", "--json")))
    expect(document.nodes.map(({ key }) => key)).toEqual(first.document.nodes.map(({ key }) => key))
    expect(document.results.model?.digest).toBe(first.document.results.model?.digest)
    expect(document.results.metrics).toEqual(first.document.results.metrics)
  })

  it("run again, it runs nothing, starts no worker, loads no TensorFlow, and says so", async () => {
    const { finished, tensorflow } = await withMaps("run", "transfer")
    expect(good(finished).stdout).toContain("nothing to do")
    expect(tensorflow).toEqual([false])
    const document = documentOf(good(await pipeline(at, "run", "transfer", "--json")))
    expect(ran(document)).toEqual([])
    for (const node of STORED) expect(nodeOf(document, node)).toMatchObject({ status: "reused", reason: null })
    expect(document.results).toEqual(first.document.results)
    const planned = documentOf(good(await pipeline(at, "plan", "transfer", "--json")))
    expect(new Set(Object.values(statuses(planned)))).toEqual(new Set(["reuse", "stream"]))
  })

  it("another learning rate runs train and what follows it: plan says so before, why says it before and after", async () => {
    const option = ["--learning-rate", "0.003"]
    const planned = documentOf(good(await pipeline(at, "plan", "transfer", ...option, "--json")))
    expect(statuses(planned)).toMatchObject({
      ingest: "reuse",
      "extract-features": "reuse",
      "extract-features[test]": "reuse",
      train: "run",
      evaluate: "maybe",
      plot: "maybe"
    })
    expect(nodeOf(planned, "train").reason).toBe("learningRate was 0.0003, is 0.003")
    expect(nodeOf(planned, "plot").reason).toContain("train")
    const before = good(await pipeline(at, "why", "transfer", "train", ...option)).stdout
    expect(before).toContain("learningRate was 0.0003, is 0.003")

    const document = documentOf(good(await pipeline(at, "run", "transfer", ...option, "--json")))
    expect(ran(document)).toEqual(["train", "evaluate", "plot", "mistakes", "plot-mistakes"])
    expect(nodeOf(document, "train").reason).toBe("learningRate was 0.0003, is 0.003")

    const after = good(await pipeline(at, "why", "transfer", "train")).stdout
    expect(after).toContain("would be reused")
    expect(after).toContain(`in its last run (${document.run}) it ran: learningRate was 0.0003, is 0.003`)
    // and the first learning rate is still kept
    expect(ran(documentOf(good(await pipeline(at, "run", "transfer", "--json"))))).toEqual([])
  })

  const failure = async (code: number, ...args: ReadonlyArray<string>) => {
    const finished = await pipeline(at, ...args)
    expect(finished.code, finished.stderr).toBe(code)
    return documentOf(finished)
  }

  it("prints one document for a wrong command line too, and exits with 2", async () => {
    const document = await failure(2, "run", "transfer", "--learning-rate", "-1", "--json")
    expect(document).toMatchObject({ status: "failed", error: { tag: "ParamInvalid", expected: "a number above 0" } })
    expect((await failure(2, "run", "transfer", "--json", "--learningrate", "1")).error?.fix).toContain(
      "--learning-rate"
    )
    expect((await failure(2, "--json", "rum", "transfer")).error?.fix).toContain("run")
    expect((await failure(2, "why", "transfer", "trian", "--json")).error?.fix).toContain("train")
  })

  it("prints one document where a source cannot be had, and exits with 1", async () => {
    const document = await failure(1, "run", "transfer", "--dataset", "nowhere", "--json")
    expect(document).toMatchObject({ status: "failed", error: { tag: "NoSuchSource" } })
    expect(document.error?.fix).not.toBeNull()
  })

  it("prints one document where a node fails, names the nodes skipped behind it, and exits with 1", async () => {
    const broken = path.join(folder("headrace-broken"), "images")
    for (const file of ["train/a/1.png", "train/b/1.png", "test/a/1.png"]) {
      fs.mkdirSync(path.dirname(path.join(broken, file)), { recursive: true })
      fs.writeFileSync(path.join(broken, file), "no image at all")
    }
    const document = await failure(1, "run", "transfer", "--dataset", broken, "--json")
    expect(document.status).toBe("failed")
    expect(statuses(document)).toMatchObject({ ingest: "failed", train: "skipped", plot: "skipped" })
    const { error } = nodeOf(document, "ingest")
    expect(error).toMatchObject({ tag: "ImageRefused" })
    expect(error?.what).toContain(".png")
    expect(document.error).toEqual(error)
    expect(nodeOf(document, "train").reason).toContain("ingest")
  })
})
