import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import sharp from "sharp"
import { beforeAll, describe, expect, it } from "vitest"
import {
  CLASSES,
  documentOf,
  giveCifar10,
  imageFolder,
  layRecord,
  nodeOf,
  pipeline,
  type Rig,
  type RunDocument,
  recordOf,
  rig,
  run
} from "../rig/cli.ts"

/** What `inspect --json` says; more of it than a type would help to read. */
type Shown = Readonly<Record<string, unknown>> & {
  readonly content: string
  readonly parts: ReadonlyArray<{ readonly object: string; readonly bytes: number; readonly file: string | null }>
  readonly from: Readonly<Record<string, unknown>>
}

describe("pipeline inspect and list", () => {
  let at: Rig
  let first: RunDocument

  const json = async (...args: ReadonlyArray<string>) => {
    const finished = await pipeline(at, ...args, "--json")
    expect(finished.code, finished.stdout).toBe(0)
    return documentOf(finished) as unknown as Shown
  }
  const text = async (...args: ReadonlyArray<string>) => {
    const finished = await pipeline(at, ...args)
    expect(finished.code, finished.stderr).toBe(0)
    return finished.stdout
  }

  beforeAll(async () => {
    at = rig()
    await giveCifar10(at)
    first = documentOf(await pipeline(at, "run", "transfer", "--json"))
    expect(first.status).toBe("done")
  })

  it("shows a table: schema, rows, bytes, chunks, statistics of every column, first rows", async () => {
    const shown = await json("inspect", "transfer/features")
    expect(shown).toMatchObject({
      kind: "table",
      artifact: "Features@1",
      node: "extract-features",
      output: "features",
      rows: 24,
      chunks: 1,
      columns: [
        { name: "feature", type: "float32 [1280]" },
        { name: "label", type: "int32" }
      ],
      classes: CLASSES,
      bytes: expect.any(Number),
      contactSheet: null
    })
    const { statistics, firstRows } = shown as unknown as {
      readonly statistics: { readonly rows: number; readonly columns: ReadonlyArray<Record<string, unknown>> }
      readonly firstRows: ReadonlyArray<ReadonlyArray<string>>
    }
    expect(statistics.rows).toBe(24)
    expect(statistics.columns).toMatchObject([
      { column: "feature", values: 24 * 1280, min: 0 },
      { column: "label", values: 24, min: 0, max: 2, mean: 1, counts: { 0: 8, 1: 8, 2: 8 } }
    ])
    expect(firstRows).toHaveLength(5)
    expect(firstRows[0]?.[0]).toMatch(/^\[[\d., ]+, …\]$/)
  })

  it("says where it came from and who uses it", async () => {
    const shown = await json("inspect", "transfer/features")
    const { key, seconds } = nodeOf(first, "extract-features")
    expect(shown.from).toMatchObject({
      stage: "extract-features",
      key,
      seconds,
      params: {},
      codeDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
      facts: { runtime: expect.stringMatching(/^(onnxruntime|tensorflow) /) },
      finished: expect.stringMatching(/^\d{4}-\d\d-\d\dT/)
    })
    expect(Object.keys(shown.from.inputs as object)).toEqual(expect.arrayContaining(["pixels", "weights"]))
    expect(shown.usedBy).toEqual(["transfer/train"])
    const told = await text("inspect", "transfer/features")
    expect(told).toMatch(/made by stage extract-features in .* at \d{4}-/)
    // the stage's own file first, and what is Headrace's last
    expect(told).toMatch(/\ncode: [0-9a-f]{12}, \d+ files \(stages\/extract-features\.ts, /)
    expect(told).toContain("used by: transfer/train")
  })

  it("finds the same by a run's output and by the beginning of a digest", async () => {
    const { content, parts } = await json("inspect", "transfer/model")
    expect((await json("inspect", `${first.run}/model`)).content).toBe(content)
    expect((await json("inspect", content.slice(0, 10))).content).toBe(content)
    expect((await json("inspect", parts[0]?.object.slice(0, 12) ?? "")).content).toBe(content)
    const test = await json("inspect", "transfer/extract-features[test].features")
    expect(test).toMatchObject({ node: "extract-features[test]", rows: 9, usedBy: ["transfer/evaluate"] })
  })

  it("finds the one output of a node by the node's name, and names the outputs where there are several", async () => {
    const [whole, named] = [
      await json("inspect", "transfer/extract-features[test].features"),
      await json("inspect", "transfer/extract-features[test]")
    ]
    expect(named).toEqual(whole)
    expect((await json("inspect", `${first.run}/extract-features`)).content).toBe(
      (await json("inspect", "transfer/features")).content
    )
    const refusal = async (what: string) => {
      const { code, stdout } = await pipeline(at, "inspect", what, "--json")
      expect(code).toBe(2)
      return (JSON.parse(stdout) as { readonly error: Readonly<Record<string, string>> }).error
    }
    const several = await refusal("transfer/train")
    expect(several).toMatchObject({
      what: '"transfer/train" names several artifacts',
      expected: "one of transfer/train.model, transfer/train.history, transfer/train.fit",
      fix: "Try transfer/train.model."
    })
    expect((await json("inspect", /^Try (.*)\.$/.exec(several.fix ?? "")?.[1] ?? "")).kind).toBe("model")
    expect(await refusal("transfer/modle")).toMatchObject({ fix: "Did you mean transfer/model?" })
  })

  it("says of a streamed node that it is streamed: what its rows are made of, how, and for whom", async () => {
    const source = await json("inspect", "transfer/ingest.train")
    const shown = await json("inspect", "transfer/normalize")
    expect(shown).toMatchObject({
      status: "done",
      node: "normalize",
      output: "normalized",
      kind: "table",
      artifact: "Pixels@1",
      streamed: true,
      content: null,
      rows: source.rows,
      parts: [],
      columns: [
        { name: "image", type: "float32 [?, ?, 3]" },
        { name: "label", type: "int32" }
      ],
      from: {
        stage: "normalize",
        key: null,
        params: {},
        codeDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
        facts: {}
      },
      madeOf: {
        node: "ingest",
        output: "train",
        through: [],
        address: "transfer/ingest.train",
        content: source.content
      },
      madeFor: [{ node: "extract-features", status: "ran" }],
      usedBy: ["transfer/resize-to-224"]
    })
    expect(source.streamed).toBe(false)
    for (const same of ["transfer/normalized", "transfer/normalize.normalized", `${first.run}/normalize`])
      expect({ ...(await json("inspect", same)), madeOf: null }).toEqual({ ...shown, madeOf: null })
    expect(await json("inspect", "transfer/resize-to-224[test]")).toMatchObject({
      rows: 9,
      columns: [{ name: "image", type: "float32 [224, 224, 3]" }, { name: "label" }],
      from: { stage: "resize-to-224", facts: { tensorflow: expect.any(String) } },
      madeOf: { node: "ingest", output: "test", through: ["normalize[test]"] },
      madeFor: [{ node: "extract-features[test]" }]
    })
    const told = await text("inspect", "transfer/resize-to-224")
    expect(told).toMatch(/^transfer\/resize-to-224\.resized: streamed table Pixels@1, 24 rows\n/)
    for (const line of [
      "its rows are made where they are needed, and never stored",
      "made for: extract-features (ran)",
      "made of: normalize of transfer/ingest.train, Images@1, 24 rows in 1 chunk",
      "To look at the rows that it is made of: pipeline inspect transfer/ingest.train"
    ])
      expect(told.split("\n")).toContain(line)
    expect(told).toMatch(/\ncode: [0-9a-f]{12}, \d+ files, facts \{"tensorflow":/)
  })

  it("names the file of every part, as long as it is there", async () => {
    for (const what of ["features", "model", "train.state", "metrics", "curves", "ingest.train"]) {
      const { parts } = await json("inspect", `transfer/${what}`)
      expect(parts.length).toBeGreaterThan(0)
      for (const { file, object, bytes } of parts) {
        const stored = fs.readFileSync(file ?? "")
        expect([createHash("sha256").update(stored).digest("hex"), stored.length]).toEqual([object, bytes])
      }
      expect(await text("inspect", `transfer/${what}`)).toContain(`\nkept as: ${parts[0]?.file}`)
    }
  })

  it("finds by a pipeline's name what its newest run, having failed, lacks", async () => {
    const failed = await pipeline(at, "run", "transfer", "--dataset", path.join(at.home, "nowhere"), "--json")
    expect(failed.code).toBe(1)
    const { content } = await json("inspect", "transfer/model")
    expect(content).toBe((await json("inspect", `${first.run}/model`)).content)
  })

  it("shows images as a contact sheet", async () => {
    const shown = await json("inspect", "transfer/ingest.train")
    expect(shown.columns).toMatchObject([{ name: "image", type: "uint8 [32, 32, 3]" }, { name: "label" }])
    const { width, height, format } = await sharp(shown.contactSheet as string).metadata()
    expect(format).toBe("png")
    expect(Math.min(width, height)).toBeGreaterThan(32)
  })

  it("shows a model's layers and parameter counts", async () => {
    const { layers, parameters, kind } = await json("inspect", "transfer/model")
    const [hidden, end] = [1280 * 2048 + 2048, 2048 * CLASSES.length + CLASSES.length]
    expect(kind).toBe("model")
    expect((layers as ReadonlyArray<{ parameters: number }>).map((layer) => layer.parameters)).toEqual([hidden, 0, end])
    expect(parameters).toBe(hidden + end)
    expect(await text("inspect", "transfer/model")).toContain((hidden + end).toLocaleString("en-US"))
  })

  it("shows a figure's files and a document's value", async () => {
    const figure = await json("inspect", "transfer/curves")
    expect(figure.kind).toBe("figure")
    for (const { file, bytes } of figure.files as ReadonlyArray<{ file: string; bytes: number }>)
      expect(fs.statSync(file).size).toBe(bytes)
    expect((await json("inspect", "transfer/metrics")).value).toEqual(first.results.metrics)
  })

  it("shows where a figure lies in the results, as long as it does", async () => {
    const files = async () =>
      (await json("inspect", "transfer/curves")).files as ReadonlyArray<{ file: string; result: string | null }>
    const results = path.join(at.results, "transfer")
    expect((await files()).map(({ result }) => path.relative(results, result ?? "")).sort()).toEqual(
      fs.readdirSync(results).filter((name) => name.startsWith("curves."))
    )
    for (const { file, result } of await files())
      expect(fs.readFileSync(result ?? "").equals(fs.readFileSync(file))).toBe(true)
    const png = path.join(results, "curves.png")
    const told = await text("inspect", "transfer/curves")
    expect(told).toContain(`: ${png} (`)
    expect(told).toContain(`kept as: ${path.join(at.home, "objects")}`)
    fs.appendFileSync(png, "drawn over")
    expect((await files()).filter(({ result }) => result === null)).toHaveLength(1)
    expect(await text("inspect", "transfer/curves")).not.toContain(png)
  })

  it("lists a line a pipeline with its last run and what is cached of it, the runs, and the size of the store", async () => {
    const { pipelines, runs, cache } = (await json("list")) as unknown as {
      readonly pipelines: ReadonlyArray<{ name: string; params: ReadonlyArray<Record<string, unknown>> }>
      readonly runs: ReadonlyArray<Record<string, unknown>>
      readonly cache: { home: string; stages: ReadonlyArray<Record<string, unknown>> }
    }
    const transfer = pipelines.find(({ name }) => name === "transfer")
    expect(transfer).toMatchObject({
      lastRun: { pipeline: "transfer", status: expect.stringMatching(/^(done|failed)$/), started: expect.any(String) }
    })
    expect(transfer?.params).toContainEqual(
      expect.objectContaining({ option: "--learning-rate", default: 0.0003, values: "above 0", readers: ["train"] })
    )
    expect(runs).toContainEqual(expect.objectContaining({ run: first.run, pipeline: "transfer", status: "done" }))
    const objects = fs
      .readdirSync(path.join(at.home, "objects"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => fs.statSync(path.join(parentPath, name)).size)
    expect(cache).toMatchObject({
      home: at.home,
      objects: objects.length,
      bytes: objects.reduce((sum, bytes) => sum + bytes, 0),
      runs: fs.readdirSync(path.join(at.home, "runs")).filter((name) => name.endsWith(".json")).length,
      // its folder of chunks is no result
      stages: expect.arrayContaining([{ stage: "extract-features", results: 3 }])
    })
    const told = await text("list")
    expect(told).toMatch(/^transfer +(done|failed) +\d+ (s|min) /m)
    expect(told).toMatch(/^explore +never run$/m)
    expect(told).toContain(first.run)
    expect(told).toContain(`  in ${at.home}\n`)
    const lines = told.split("\n").filter((line) => !line.includes(at.home))
    expect(lines.filter((line) => line.length > 80)).toEqual([])
    expect(lines.length).toBeLessThan(40)
  })

  it("lists a pipeline's parameters, its runs and what is cached of each node of the last", async () => {
    // a run that reached its end: the newest here
    const last = documentOf(await pipeline(at, "run", "transfer", "--json"))
    const stage = path.join(at.home, "traces/plot")
    for (const name of fs.readdirSync(stage)) fs.rmSync(path.join(stage, name))
    const shown = (await json("list", "transfer")) as unknown as {
      readonly nodes: ReadonlyArray<{ readonly node: string; readonly isKept: boolean | null }>
      readonly runs: ReadonlyArray<{ readonly run: string }>
    }
    expect(shown).toMatchObject({ pipeline: { name: "transfer" } })
    expect(shown.runs[0]?.run).toBe(last.run)
    const kept = Object.fromEntries(shown.nodes.map(({ node, isKept }) => [node, isKept]))
    expect(kept).toMatchObject({ train: true, plot: false, normalize: null })
    const told = await text("list", "transfer")
    expect(told).toMatch(/^train:\n {2}--units 2048 +1 to 65536\. Width/m)
    expect(told).toMatch(/^plot .* no$/m)
    expect(await text("list")).toMatch(/^transfer +done .* \(8 of 9 nodes\)$/m)
    expect(await text("list", "explore")).toContain("explore was never run.")
    // behind more runs of others than are looked at first
    const record = recordOf(at, last.run)
    const others = Array.from({ length: 210 }, (_, at) => `${last.run}-${at}`)
    for (const run of others) layRecord(at, { ...record, run, pipeline: "explore" })
    expect(await text("list", "transfer")).toContain(`${last.run}  transfer  done`)
    for (const run of others) fs.rmSync(path.join(at.home, "runs", `${run}.json`))
    const unknown = await pipeline(at, "list", "trasnfer")
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("Did you mean transfer?") })
  })
})

describe("pipeline inspect, over images whose test split is their training split", () => {
  let at: Rig
  let first: RunDocument
  const inspect = async (what: string) => JSON.parse((await pipeline(at, "inspect", what, "--json")).stdout)

  beforeAll(async () => {
    at = rig()
    const images = await imageFolder({ train: 60, test: 0 })
    fs.cpSync(path.join(images, "train"), path.join(images, "test"), { recursive: true })
    first = (await run(at, images)).document
  })

  it("tells nodes apart whose keys are equal", async () => {
    const [one, other] = ["extract-features", "extract-features[test]"] as const
    expect(nodeOf(first, one).key).toBe(nodeOf(first, other).key)
    for (const node of [one, other])
      expect(await inspect(`transfer/${node}.features`)).toMatchObject({ status: "done", node, output: "features" })
    expect(await inspect("transfer/features")).toMatchObject({ node: one })
    const { expected } = (await inspect("transfer/nothing")).error
    expect(expected).toContain(`transfer/${one}.features, `)
    expect(expected).toContain("transfer/train.model")
    expect(expected.split(`transfer/${other}.features`)).toHaveLength(2)
  })

  it("draws a contact sheet of all classes, where the first chunk has images of one", async () => {
    const { contactSheet, chunks } = await inspect("transfer/ingest.train")
    expect(chunks).toBeGreaterThan(1)
    const { data, info } = await sharp(contactSheet).raw().toBuffer({ resolveWithObject: true })
    // blue, green and red squares: by the channel that is above all others
    const counts = [2, 1, 0].map((channel) => {
      let count = 0
      for (let at = 0; at < data.length; at += info.channels)
        if ([0, 1, 2].every((other) => other === channel || (data[at + channel] ?? 0) > (data[at + other] ?? 0) + 60))
          count += 1
      return count
    })
    const all = counts.reduce((sum, count) => sum + count, 0)
    for (const count of counts) expect(count / all).toBeCloseTo(1 / 3, 1)
    expect(fs.readdirSync(path.dirname(contactSheet))).toEqual([path.basename(contactSheet)])
  })
})
