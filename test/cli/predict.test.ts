import * as fs from "node:fs"
import * as path from "node:path"
import { tableFromIPC } from "apache-arrow"
import { beforeAll, describe, expect, it } from "vitest"
import { picture } from "../rig/archives.ts"
import { CLASSES, documentOf, type Finished, giveCifar10, pipeline, type Rig, ran, rig, run } from "../rig/cli.ts"
import { folder } from "../rig/folder.ts"

interface Predicted {
  readonly status: string
  readonly predictions: ReadonlyArray<{
    readonly file: string
    readonly top: ReadonlyArray<{ readonly class: string; readonly probability: number }>
  }>
  readonly pictures: ReadonlyArray<string>
  readonly of: { readonly run: string; readonly content: string }
  readonly nodes: ReadonlyArray<{ readonly node: string; readonly status: string }>
}

const TRAIN = 8
const TEST = 3

/** The test images of `giveCifar10` as files, by class and number, as the table of predictions has them. */
const testImages = async (): Promise<string> => {
  const at = folder("headrace-photos")
  for (const [label, name] of CLASSES.entries())
    for (let index = TRAIN; index < TRAIN + TEST; index++) {
      const [r = 0, g = 0, b = 0] = [2, 1, 0].map((channel) => (channel === label ? 200 + index : index * 9))
      const file = path.join(at, name, `${index}.jpg`)
      fs.mkdirSync(path.dirname(file), { recursive: true })
      fs.writeFileSync(file, await picture("square.jpg", 32, 32, { r, g, b }))
    }
  return at
}

describe("pipeline predict", () => {
  let at: Rig
  let photos: string
  const layers = JSON.stringify([{ kind: "flatten" }, { kind: "dense", units: 8, activation: "relu" }])

  const predict = (...args: ReadonlyArray<string>): Promise<Finished> => pipeline(at, "predict", ...args)
  const predicted = async (...args: ReadonlyArray<string>) => {
    const finished = await predict(...args, "--json")
    expect(finished.code, finished.stdout + finished.stderr).toBe(0)
    return documentOf(finished) as unknown as Predicted
  }
  const refused = async (code: number, ...args: ReadonlyArray<string>) => {
    const finished = await predict(...args, "--json")
    expect(finished.code, finished.stdout).toBe(code)
    const { error } = documentOf(finished)
    for (const part of [error?.what, error?.expected, error?.fix]) expect(part).toEqual(expect.stringMatching(/\w/))
    return error
  }
  /** What the run's own evaluation said of each test image. */
  const evaluated = async (what: string) => {
    const to = path.join(folder("headrace-export"), "exported")
    const finished = await pipeline(at, "export", what, "--to", to)
    expect(finished.code, finished.stderr).toBe(0)
    const table = tableFromIPC(fs.readFileSync(path.join(to, "predictions.arrow")))
    return Array.from(table.getChild("probability") ?? [], (row) => [...row.toArray()] as ReadonlyArray<number>)
  }
  const byClass = ({ predictions }: Predicted) =>
    predictions.map(({ top }) => CLASSES.map((name) => top.find((one) => one.class === name)?.probability))

  beforeAll(async () => {
    at = rig()
    await giveCifar10(at, { train: TRAIN, test: TEST })
    await run(at, "cifar10")
    await pipeline(at, "run", "simple-cnn", "--epochs", "1", "--network", layers)
    photos = await testImages()
    // what was learned is asked from here on, whatever became of what it was learned from
    fs.rmSync(path.join(at.mirror, "cifar10-images.tar.gz"))
  })

  it("says of a photo what the run's evaluation said of the same image, to the last bit", async () => {
    for (const [name, evaluation] of [
      ["transfer", "evaluate"],
      ["simple-cnn", "evaluate-network"]
    ] as const) {
      const told = await predicted(`${name}/model`, photos)
      expect(byClass(told)).toEqual(await evaluated(`${name}/${evaluation}.predictions`))
      expect(told.predictions.map(({ file }) => path.relative(photos, file))).toEqual(
        CLASSES.flatMap((each) => ["10.jpg", "8.jpg", "9.jpg"].map((file) => `${each}/${file}`))
      )
      expect(told.pictures).toEqual([path.join(at.results, `${name}.predict`, "sheet.png")])
      expect(fs.existsSync(told.pictures[0] ?? "")).toBe(true)
      expect(ran(told as never)).not.toContain("ingest")
    }
  })

  it("computes nothing twice, and tells single photos in their order without a sheet", async () => {
    expect(ran((await predicted("simple-cnn/model", photos)) as never)).toEqual([])
    const given = ["red/10.jpg", "blue/8.jpg"].map((file) => path.join(photos, file))
    const told = await predicted("simple-cnn/train-network.model", ...given, "--top", "1")
    expect(told.predictions.map(({ file, top }) => [file, top.length])).toEqual(given.map((file) => [file, 1]))
    expect(told.pictures).toEqual([])
    const { stdout, code } = await predict(`${told.of.run}/model`, ...given, "--csv", "--top", "2")
    expect(code).toBe(0)
    const [header, ...lines] = stdout.trim().split("\n")
    expect(header).toBe("file,rank,class,probability")
    expect(lines.map((line) => line.split(",").slice(0, 2))).toEqual(
      given.flatMap((file) => [
        [file, "1"],
        [file, "2"]
      ])
    )
    const text = await predict("simple-cnn/model", given[0] ?? "")
    expect(text.stdout).toMatch(/^file +likeliest +then +then\n.*red\/10\.jpg .* %/)
    expect(text.stdout).toContain(`1 file by train-network.model of run ${told.of.run}`)
  })

  it("refuses what is no photo, and what is no model of a pipeline that can be asked", async () => {
    const text = path.join(photos, "notes.jpg")
    fs.writeFileSync(text, "no picture")
    const before = fs.readFileSync(path.join(at.results, "simple-cnn.predict/.results.json"))
    expect(await refused(1, "simple-cnn/model", photos)).toMatchObject({
      tag: "ImageRefused",
      what: `${text} is not an image`,
      fix: "Leave it out, or convert it."
    })
    expect(fs.readFileSync(path.join(at.results, "simple-cnn.predict/.results.json"))).toEqual(before)
    fs.rmSync(text)
    const one = path.join(photos, "red/10.jpg")
    expect(await refused(2, "simple-cnn/metrics", one)).toMatchObject({
      what: "simple-cnn/metrics is evaluate-network.metrics, which simple-cnn.predict does not take",
      expected: "simple-cnn/train-network.model"
    })
    expect((await refused(2, "simple-cnn/model", `${one}.gone`))?.what).toBe(`Nothing can be read at ${one}.gone`)
    expect((await refused(2, "simple-cnn/model"))?.what).toBe("pipeline predict names nothing")
    expect((await refused(2, "simple-cnn/model", one, "--top", "0"))?.what).toBe("--top is 0")
    // a run of a use says why its nodes did what they did, under the name of its pipeline
    const { stdout } = await pipeline(at, "list", "--json")
    const [last] = (JSON.parse(stdout) as { readonly runs: ReadonlyArray<{ readonly run: string }> }).runs
    const why = await pipeline(at, "why", "simple-cnn", "--run", last?.run ?? "")
    expect(why.stdout).toMatch(/^read-photos failed/m)
  })
})
