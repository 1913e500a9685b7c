import * as fs from "node:fs"
import { createServer } from "node:http"
import * as path from "node:path"
import { layer } from "@effect/vitest"
import { Effect } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import * as Random from "../../api/random.ts"
import * as Digest from "../../artifacts/Digest.ts"
import * as Classifier from "../../images/models/Classifier.ts"
import * as Evaluation from "../../images/models/Evaluation.ts"
import { Tensorflow } from "../../images/services/Tensorflow.ts"
import {
  CLASSES,
  documentOf,
  filesIn,
  flip,
  giveCifar10,
  objectOf,
  pipeline,
  type Rig,
  rig,
  run,
  start
} from "../rig/cli.ts"
import { folder } from "../rig/folder.ts"

const WHOLE = [
  ".export.json",
  "MODEL_CARD.md",
  "README.md",
  "classes.json",
  "index.html",
  "model.h5",
  "model.json",
  "model.onnx",
  "weights.bin"
]
const MODEL = [".export.json", "MODEL_CARD.md", "README.md", "classes.json", "model.h5", "model.json", "weights.bin"]

/** Everything that must be equal where nothing was touched. */
const contents = (at: string) =>
  Object.fromEntries(filesIn(at).map((file) => [file, Digest.ofBytes(fs.readFileSync(path.join(at, file)))]))

describe("pipeline export", () => {
  let at: Rig
  let runId: string
  const to = () => path.join(folder("headrace-export"), "exported")

  const exported = async (what: string, where: string, ...more: ReadonlyArray<string>) => {
    const finished = await pipeline(at, "export", what, "--to", where, "--json", ...more)
    expect(finished.code, finished.stdout).toBe(0)
    return documentOf(finished) as unknown as Readonly<Record<string, unknown>>
  }
  const refused = async (code: number, ...args: ReadonlyArray<string>) => {
    const finished = await pipeline(at, "export", ...args, "--json")
    expect(finished.code, finished.stdout).toBe(code)
    const { error } = documentOf(finished)
    for (const part of [error?.what, error?.expected, error?.fix]) expect(part).toEqual(expect.stringMatching(/\w/))
    return error
  }

  beforeAll(async () => {
    at = rig()
    await giveCifar10(at)
    runId = (await run(at, "cifar10")).document.run
  })

  it("writes a model for TensorFlow.js and Keras, its classes, and how to open them", async () => {
    const where = to()
    const told = await pipeline(at, "export", "transfer/model", "--to", where)
    expect(told.code, told.stderr).toBe(0)
    expect(filesIn(where)).toEqual(MODEL)
    expect(JSON.parse(fs.readFileSync(path.join(where, "classes.json"), "utf8"))).toEqual(CLASSES)
    for (const file of ["model.json", "weights.bin"]) {
      const result = fs.readFileSync(path.join(at.results, "transfer/model", file))
      expect(fs.readFileSync(path.join(where, file)).equals(result)).toBe(true)
    }
    const readme = fs.readFileSync(path.join(where, "README.md"), "utf8")
    for (const text of [told.stdout, readme]) {
      expect(text).toContain("float32 [batch, 1280]")
      expect(text).toContain('tf.loadLayersModel("model.json")')
      expect(text).toContain('keras.models.load_model("model.h5"')
    }
    expect(told.stdout).toContain(`exported to ${where}`)
    const card = fs.readFileSync(path.join(where, "MODEL_CARD.md"), "utf8")
    expect(card.match(/^## .*$/gm)).toEqual([
      "## Data",
      "## How well it does",
      "## Parameters",
      "## Digests",
      "## How to repeat it"
    ])
    expect(card).toContain("# Model card: transfer/train.model")
    expect(card).toMatch(/\| ingest\.train \| 24 \|/)
    expect(card).toMatch(/\| testAccuracy \| \d\.\d{4} \|/)
    expect(card).toContain(`| actual | ${CLASSES.join(" | ")} |`)
    expect(card).toContain(`npx pipeline run transfer`)
    expect(card).toContain(`npx pipeline export transfer/model --to ${where}`)
  })

  it("writes a model with all that stands before it, made once, with a page that asks it and a card", async () => {
    const where = to()
    const one = await pipeline(at, "export", "transfer/model", "--whole", "--to", where)
    expect(one.code, one.stderr).toBe(0)
    expect(filesIn(where)).toEqual(WHOLE)
    expect(one.stderr).toContain("whole: done")
    expect(fs.readFileSync(path.join(where, "MODEL_CARD.md"), "utf8")).toContain(
      `npx pipeline export transfer/model --whole --to ${where}`
    )
    // HDF5 writes the time into its file, whose digest is in the index
    const lasting = () => ({ ...contents(where), "model.h5": null, ".export.json": null })
    const before = lasting()
    const again = await exported("transfer/model", where, "--whole")
    expect(again).toMatchObject({ input: [32, 32, 3], classes: CLASSES, backbone: "mobilenet_v2_1.0_224" })
    expect(lasting()).toEqual(before)
    // what people open is where they asked for it, and not among the results as well
    expect(fs.readdirSync(at.results)).toEqual(["transfer"])
  })

  it("refuses the whole of what has none, and leaves nothing", async () => {
    const where = to()
    const figure = await refused(2, "transfer/curves", "--whole", "--to", where)
    expect(figure?.what).toContain("which transfer.whole does not take")
    expect(figure?.expected).toContain("transfer/train.model")
    expect(fs.readdirSync(path.dirname(where))).toEqual([])
  })

  it("says the same as one document, and finds the model by run and by digest", async () => {
    const where = to()
    const one = await exported("transfer/model", where)
    expect(one).toMatchObject({
      status: "done",
      node: "train",
      output: "model",
      folder: where,
      classes: CLASSES,
      input: [1280],
      files: MODEL.slice(1).map(() => ({ file: expect.any(String), bytes: expect.any(Number) }))
    })
    expect((await exported(`${runId}/model`, where)).content).toBe(one.content)
    expect((await exported(String(one.content).slice(0, 10), where)).content).toBe(one.content)
  })

  it("writes a table as one Arrow file, and figures and documents as their files", async () => {
    const where = to()
    expect(await exported("transfer/features", where)).toMatchObject({ kind: "table", rows: 24 })
    expect(filesIn(where)).toEqual([".export.json", "README.md", "features.arrow"])
    await exported("transfer/curves", where)
    const figure = ["curves.png", "curves.svg", "curves.vl.json"]
    expect(filesIn(where)).toEqual([".export.json", "README.md", ...figure])
    for (const file of figure)
      expect(fs.readFileSync(path.join(where, file))).toEqual(fs.readFileSync(path.join(at.results, "transfer", file)))
    await exported("transfer/metrics", where)
    expect(JSON.parse(fs.readFileSync(path.join(where, "metrics.json"), "utf8"))).toHaveProperty("testAccuracy")
  })

  it("replaces an earlier export, and nothing else", async () => {
    const where = to()
    fs.mkdirSync(where, { recursive: true })
    expect(await exported("transfer/model", where)).toMatchObject({ replaced: false })
    expect(await exported("transfer/model", where)).toMatchObject({ replaced: true })
    fs.writeFileSync(path.join(where, "notes.txt"), "mine")
    const before = contents(where)
    expect((await refused(2, "transfer/curves", "--to", where))?.what).toBe(
      `${where} holds what no export wrote or what was changed since: notes.txt`
    )
    fs.rmSync(path.join(where, "notes.txt"))
    fs.appendFileSync(path.join(where, "README.md"), "and more")
    expect((await refused(2, "transfer/curves", "--to", where))?.what).toMatch(/: README\.md$/)
    expect(contents(where)).toEqual({ ...before, "notes.txt": undefined, "README.md": expect.any(String) })
    expect((await refused(2, "transfer/model", "--to", path.join(where, "README.md")))?.what).toMatch(/ is a file$/)
    expect((await refused(2, "transfer/model", "--to", at.root))?.what).toMatch(/ is the folder that you are in$/)
    expect((await refused(2, "transfer/model", "--to", path.join(at.root, "cli")))?.what).toMatch(
      /: \S+, .*, \S+ and \d+ more$/
    )
  })

  it("follows a link to the folder, and leaves the link", async () => {
    const where = to()
    fs.mkdirSync(where)
    fs.symlinkSync(where, `${where}-link`)
    await exported("transfer/metrics", `${where}-link`)
    expect(filesIn(where)).toContain("metrics.json")
    expect(fs.readlinkSync(`${where}-link`)).toBe(where)
  })

  it("refuses an address or a command line that makes no sense, with what would", async () => {
    const where = to()
    const nothing = await refused(2, "transfer/nothing", "--to", where)
    expect(nothing?.expected).toContain("transfer/model")
    expect(await refused(2, "transfer/model")).toMatchObject({
      what: "pipeline export has no --to",
      fix: "Try --to exported."
    })
    expect((await refused(2, "transfer/model", "--to"))?.what).toBe("--to has no value")
    expect((await refused(2, "--to", where))?.what).toBe("pipeline export names nothing")
    expect((await refused(2, "transfer/model", "--too", where))?.fix).toBe("Did you mean --to?")
    expect(fs.existsSync(where)).toBe(false)
  })

  it("that fails half-way leaves the earlier export as it was, and nothing beside it", async () => {
    const own = { ...at, home: path.join(folder(), "home") }
    fs.cpSync(at.home, own.home, { recursive: true })
    const where = to()
    await exported("transfer/model", where)
    const before = contents(path.dirname(where))
    flip(objectOf(own, "plot", "plot", "curves"))
    const failed = await pipeline(own, "export", "transfer/curves", "--to", where, "--json")
    expect(failed.code).toBe(1)
    expect(documentOf(failed).error?.tag).toBe("ObjectCorrupt")
    expect(contents(path.dirname(where))).toEqual(before)
  })

  it("that is killed at any moment leaves all of the model or none of it", async () => {
    const whole = to()
    await exported("transfer/model", whole)
    const millis = await (async () => {
      const began = performance.now()
      await exported("transfer/model", whole)
      return performance.now() - began
    })()
    for (const [index, signal] of (["SIGKILL", "SIGINT", "SIGKILL", "SIGINT"] as const).entries()) {
      const where = to()
      const command = start(at, "export", "transfer/model", "--to", where)
      await new Promise((resolve) => setTimeout(resolve, millis * (0.5 + index * 0.12)))
      command.child.kill(signal)
      await command.finished
      if (fs.existsSync(where)) expect(filesIn(where)).toEqual(MODEL)
      if (signal === "SIGINT")
        expect(fs.readdirSync(path.dirname(where)).filter((name) => name !== "exported")).toEqual([])
      await exported("transfer/model", where)
      expect(filesIn(where)).toEqual(MODEL)
    }
  })

  layer(Tensorflow.live)("over HTTP", (it) => {
    it.scoped("opens in tf.loadLayersModel as in a browser, and predicts what the run's model predicts", () =>
      Effect.gen(function* () {
        const where = to()
        yield* Effect.promise(() => exported("transfer/model", where))
        const { tf } = yield* Tensorflow
        const url = yield* served(where)
        const model = yield* Effect.promise(() => tf.loadLayersModel(`${url}/model.json`))
        const read = (file: string) => fs.readFileSync(path.join(at.results, "transfer/model", file))
        const { network, weights } = yield* Classifier.fromFiles({
          "model.json": read("model.json"),
          "weights.bin": read("weights.bin")
        })
        const inputs = Random.uniform({ seed: 1, purpose: "weights", epoch: 0, step: 0 }, 5 * 1280, 3)
        const predict = yield* Evaluation.predictor(network, weights)
        const ours = yield* predict(inputs)
        const theirs = tf.tidy(() => {
          const found = model.predict(tf.tensor(inputs, [5, 1280])) as import("@tensorflow/tfjs-node-gpu").Tensor
          return found.dataSync()
        })
        model.dispose()
        expect(theirs).toHaveLength(5 * CLASSES.length)
        theirs.forEach((probability, index) => expect(ours[index]).toBeCloseTo(probability, 4))
        expect(new Set([...theirs].map((value) => value.toFixed(3))).size).toBeGreaterThan(5)
        // and so does the other file, whose weights are the same
        const h5 = yield* Effect.promise(() => import("h5wasm"))
        const { FS } = yield* Effect.promise(() => h5.ready)
        FS.writeFile("/exported.h5", fs.readFileSync(path.join(where, "model.h5")))
        const file = new h5.File("/exported.h5", "r")
        const names = network.layers.flatMap((placed) =>
          placed.weights.map((weight) => `model_weights/${placed.name}/${placed.name}/${weight.name}:0`)
        )
        expect(names).toHaveLength(4)
        names.forEach((name, index) => {
          const array = file.get(name)
          expect(array instanceof h5.Dataset ? array.value : name).toEqual(weights[index])
        })
        file.close()
      })
    )
  })
})

const served = (root: string) =>
  Effect.acquireRelease(
    Effect.async<ReturnType<typeof createServer>>((resume) => {
      const server = createServer((request, response) => {
        const file = path.join(root, path.basename(request.url ?? ""))
        response.end(fs.existsSync(file) ? fs.readFileSync(file) : undefined)
      })
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.sync(() => server.close())
  ).pipe(Effect.map((server) => `http://127.0.0.1:${(server.address() as { readonly port: number }).port}`))
