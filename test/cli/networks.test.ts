import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { CLASSES, documentOf, giveCifar10, nodeOf, pipeline, type Rig, ran, rig, statuses } from "../rig/cli.ts"

const layer = {
  conv: { kind: "conv2d", filters: 4, kernelSize: 3, padding: "valid", activation: "relu" },
  dense: { kind: "dense", units: 8, activation: "relu" },
  flatten: { kind: "flatten" }
}

describe("pipelines that train a network on images", () => {
  let at: Rig

  const run = async (code: number, name: string, ...args: ReadonlyArray<string>) => {
    const finished = await pipeline(at, "run", name, ...args, "--json")
    expect(finished.code, finished.stderr + finished.stdout).toBe(code)
    return documentOf(finished)
  }
  const withLayers = (...layers: ReadonlyArray<object>) => ["--network", JSON.stringify(layers)]

  beforeAll(async () => {
    at = rig()
    await giveCifar10(at)
  })

  it("train the networks they name, share what is ingested, and run nothing twice", async () => {
    const simple = await run(0, "simple-cnn", "--epochs", "2")
    expect(ran(simple)).toEqual(["ingest", "train-network", "evaluate-network", "plot", "mistakes", "plot-mistakes"])
    expect(nodeOf(simple, "train-network").rows).toBe(2)
    const deep = await run(0, "deep-cnn", "--epochs", "1")
    expect(ran(deep)).toEqual(["train-network", "evaluate-network", "plot", "mistakes", "plot-mistakes"])
    expect(ran(await run(0, "simple-cnn", "--epochs", "2"))).toEqual([])
  })

  it("keep the images that are wrong most confidently, and tell of them by their place and number alone", async () => {
    const args = ["--epochs", "1", "--count", "2", "--learning-rate", "0.1"]
    const { results } = await run(0, "simple-cnn", ...args)
    const told = results.mistakes as unknown as {
      readonly path: string
      readonly rows: number
      readonly mistakes: number
    }
    expect(Object.keys(told).sort()).toEqual(["digest", "mistakes", "path", "rows"])
    const kept = JSON.parse(fs.readFileSync(told.path, "utf8"))
    expect(kept).toMatchObject({ classes: CLASSES, rows: 9, mistakes: told.mistakes })
    expect(told.mistakes).toBe(Math.round(9 * (1 - results.metrics.testAccuracy)))
    expect(kept.images).toHaveLength(Math.min(2, told.mistakes))
    for (const { png } of kept.images) expect(Buffer.from(png, "base64").toString("latin1", 1, 4)).toBe("PNG")
    expect(fs.existsSync(path.join(path.dirname(told.path), "gallery.png"))).toBe(true)
    const { stdout } = await pipeline(at, "run", "simple-cnn", ...args)
    expect(stdout).toMatch(/^mistakes: .*\/mistakes\.json \(mistakes \d, rows 9\)$/m)
    expect(stdout).not.toContain("iVBOR")
  })

  it("train another network by typed layers, and say so", async () => {
    await run(0, "simple-cnn", "--epochs", "1", ...withLayers(layer.conv, layer.flatten, layer.dense))
    const other = await run(0, "simple-cnn", "--epochs", "1", ...withLayers(layer.flatten, layer.dense))
    expect(ran(other)).toEqual(["train-network", "evaluate-network", "plot", "mistakes", "plot-mistakes"])
    expect(nodeOf(other, "train-network").reason).toMatch(/^network was \[.*conv2d.*\], is \[\{"kind":"flatten"\}/)
  })

  it("refuse a network that fits no image before anything runs, naming the layer and the shapes", async () => {
    const dense = await run(2, "simple-cnn", ...withLayers(layer.conv, layer.dense))
    expect(dense.error).toMatchObject({
      tag: "ParamInvalid",
      what: expect.stringMatching(/^Param "network" is refused: Layer 2 \(dense\) cannot be built: its input is \[/),
      expected: "rows [features]: put flatten or global-average-pooling before it",
      fix: expect.stringContaining("[1024, 1024, 3] -> [1022, 1022, 4]")
    })
    const units = await run(2, "simple-cnn", ...withLayers(layer.flatten, { ...layer.dense, units: 0 }))
    expect(units.error?.what).toContain("Layer 2 (dense) cannot be built: it has 0 units")
    const kind = await run(2, "simple-cnn", ...withLayers({ kind: "convolution" }))
    expect(kind.error?.expected).toContain("conv2d, max-pool, global-average-pooling, flatten, dense, dropout")
  })

  it("refuse a network that these images are too small for before its first step", async () => {
    const document = await run(1, "simple-cnn", ...withLayers({ kind: "max-pool", size: 64 }, layer.flatten))
    expect(statuses(document)).toMatchObject({ "train-network": "failed", plot: "skipped" })
    expect(nodeOf(document, "train-network").error).toMatchObject({
      tag: "NetworkInvalid",
      what: "Layer 1 (max-pool) cannot be built: its 64x64 windows make [0, 0, 3] of [32, 32, 3]",
      expected: "an input of at least 64x64"
    })
  })

  it("stop at a loss that is no number with the epoch and step, and keep the history", async () => {
    const document = await run(1, "simple-cnn", "--optimizer", "sgd", "--learning-rate", "1e30")
    const { error } = nodeOf(document, "train-network")
    expect(error).toMatchObject({ tag: "Diverged", what: expect.stringMatching(/at epoch \d+, step \d+$/) })
    const { epoch, step, history } = (error?.details ?? {}) as {
      readonly epoch: number
      readonly step: number
      readonly history: ReadonlyArray<{ readonly epoch: number }>
    }
    expect([epoch, step]).toEqual([history.length + 1, 1])
  })
})
