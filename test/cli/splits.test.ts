import * as fs from "node:fs"
import * as path from "node:path"
import sharp from "sharp"
import { beforeAll, describe, expect, it } from "vitest"
import type { ValueOf } from "../../artifacts/Artifact.ts"
import type { SweepTable } from "../../images/artifacts/SweepTable.ts"
import { onDisk, type Packed, picture } from "../rig/archives.ts"
import { documentOf, nodeOf, pipeline, type Rig, ran, rig, run, statuses } from "../rig/cli.ts"

const network = ["--network", JSON.stringify([{ kind: "flatten" }, { kind: "dense", units: 4, activation: "relu" }])]
const classes = ["cat", "dog"]

/** So many images of each class in a folder, no two equal. */
const images = (folder: string, count: number): Promise<ReadonlyArray<Packed>> =>
  Promise.all(
    classes.flatMap((name, label) =>
      Array.from({ length: count }, async (_, at) => ({
        path: `${folder}/${name}/${at}.png`,
        bytes: await picture("x.png", 8, 8, { r: label === 0 ? 200 : 20, g: folder.length * 20, b: at * 9 })
      }))
    )
  )

describe("a dataset's own splits", () => {
  let at: Rig
  let three: string
  let withoutTest: string

  const trained = async (...args: ReadonlyArray<string>) => {
    const finished = await pipeline(at, "run", "simple-cnn", "--epochs", "1", ...network, ...args, "--json")
    expect(finished.code, finished.stderr + finished.stdout).toBe(0)
    return documentOf(finished)
  }
  const told = (document: Awaited<ReturnType<typeof trained>>) => nodeOf(document, "ingest").told
  const fitOf = (document: Awaited<ReturnType<typeof trained>>) => document.results.fit

  beforeAll(async () => {
    at = rig()
    const [train, valid, test] = [await images("Train", 10), await images("Valid", 3), await images("Test", 4)]
    const beside = [{ path: "LICENSE" }, { path: "annotations/a.txt" }, { path: "preview.jpg", bytes: "never read" }]
    three = onDisk("pets", [...train, ...valid, ...test, ...beside])
    withoutTest = onDisk("pets", [...train, ...valid])
  })

  it("its validation images choose the best epoch, none are held out, and ingest tells what it took for what", async () => {
    const document = await trained("--dataset", three)
    expect(fitOf(document)).toMatchObject({ trainingRows: 20, validationRows: 6, validation: "dataset" })
    expect(document.results.metrics).toMatchObject({ rows: 8 })
    expect(told(document)).toEqual([
      "2 classes (cat, dog); 20 images to train on (Train/), 6 to choose the best epoch on (Valid/), 8 to test on (Test/)",
      "1 image beside Test/, Train/, Valid/ has no class and is left out.",
      "1 other file is passed over (annotations/a.txt): classes are the names of folders."
    ])
    expect(nodeOf(document, "normalize[validation]").status).toBe("streamed")
  })

  it("a run that reuses everything tells the same, in the record and for people", async () => {
    const document = await trained("--dataset", three)
    expect(ran(document)).toEqual([])
    expect(told(document)?.[0]).toMatch(/^2 classes \(cat, dog\); 20 images/)
    const { stderr } = await pipeline(at, "run", "simple-cnn", "--epochs", "1", ...network, "--dataset", three)
    expect(stderr).toMatch(/^ingest: cached: 2 classes \(cat, dog\); 20 images to train on \(Train\/\), 6 to choose/m)
    expect(stderr).toMatch(/^ {2}note: 1 image beside .* is left out\.$/m)
  })

  it("the epoch is chosen on held-out or test images where the user asks for it", async () => {
    const heldOut = await trained("--dataset", three, "--validation", "held-out")
    expect(fitOf(heldOut)).toMatchObject({ trainingRows: 18, validationRows: 2, validation: "held-out" })
    const test = await trained("--dataset", three, "--validation", "test")
    expect(fitOf(test)).toMatchObject({ trainingRows: 20, validationRows: 8, validation: "test" })
  })

  it("without test images those of valid are tested on, and --splits has them choose the epoch instead", async () => {
    const document = await trained("--dataset", withoutTest)
    expect(fitOf(document)).toMatchObject({ trainingRows: 18, validationRows: 2, validation: "held-out" })
    expect(document.results.metrics).toMatchObject({ rows: 6 })
    const notice = told(document)?.[1] ?? ""
    expect(notice).toMatch(
      /^There is no folder to test on, so Valid\/ is tested on, .* --splits train=Train,val=Valid\.$/
    )
    const other = await trained("--dataset", withoutTest, "--splits", "train=Train,val=Valid")
    expect(fitOf(other)).toMatchObject({ trainingRows: 16, validationRows: 6, validation: "dataset" })
    expect(other.results.metrics).toMatchObject({ rows: 4 })
  })

  it("features of validation images choose a head's best epoch, through the backbone", async () => {
    const { document } = await run(at, three)
    expect(fitOf(document)).toMatchObject({ trainingRows: 20, validationRows: 6, validation: "dataset" })
    expect(nodeOf(document, "extract-features[validation]").rows).toBe(6)
    expect(statuses(document)).toMatchObject({ "resize-to-224[validation]": "streamed" })
  })

  it.each([
    ["conv-sweep", "--filters"],
    ["dense-sweep", "--units"]
  ])("%s chooses the best epoch of each network on them, and its report says so", async (name, sizes) => {
    // the test images, each under the other class's name: what is measured on them is all that the test doesn't show
    const test = await images("test", 4)
    const exchanged = test.map((one) => ({
      ...one,
      path: one.path.replace(/^test\/(\w+)/, (_, name) => `val/${name === "cat" ? "dog" : "cat"}`)
    }))
    const dataset = onDisk("pets", [...(await images("train", 10)), ...test, ...exchanged])
    const swept = async (...args: ReadonlyArray<string>) => {
      const common = ["--dataset", dataset, sizes, "[2,4]", "--epochs", "3", "--json"]
      const document = documentOf(await pipeline(at, "run", name, ...common, ...args))
      const { networks } = document.results.table as unknown as ValueOf<typeof SweepTable>
      return { document, networks, report: fs.readFileSync(path.join(at.results, name, "report.html"), "utf8") }
    }
    const { document, networks, report } = await swept()
    expect(networks).toHaveLength(2)
    for (const { validationAccuracy, testAccuracy } of networks)
      expect(validationAccuracy).toBe(1 - (testAccuracy ?? 0))
    expect(told(document)).toEqual([
      "2 classes (cat, dog); 20 images to train on (train/), 8 to choose the best epoch on (val/), 8 to test on (test/)"
    ])
    expect(report).toContain(`<p>${told(document)?.[0]}</p>`)
    expect(report).toContain("The best epoch of each of 2 trainings was chosen on validation images of the dataset.")
    const onTest = await swept("--validation", "test")
    for (const { validationAccuracy, testAccuracy } of onTest.networks) expect(validationAccuracy).toBe(testAccuracy)
    expect(onTest.report).not.toContain("chosen on validation images of the dataset")
  })

  it("explore counts them apart", async () => {
    const finished = await pipeline(at, "run", "explore", "--dataset", three, "--json")
    expect(documentOf(finished).results).toMatchObject({
      summary: { trainImages: 20, validationImages: 6, testImages: 8, splits: { validation: { images: 6 } } },
      table: { classes: classes.map((name) => ({ class: name, train: 10, validation: 3, test: 4, unreadable: 0 })) }
    })
  })

  it("what is left out of a dataset is told alike by ingest and explore, when it is read and when it is cached", async () => {
    const pixels = Buffer.from(Array.from({ length: 2 * 8 * 8 * 3 }, (_, index) => index % 251))
    const animation = sharp(pixels, { raw: { width: 8, height: 16, channels: 3, pageHeight: 8 } }).gif()
    const dataset = onDisk("pets", [
      ...(await images("train", 3)),
      ...(await images("test", 2)),
      { path: "train/cat/moving.gif", bytes: await animation.toBuffer() },
      { path: "more.zip", bytes: "never read" }
    ])
    const expected = [
      "2 classes (cat, dog); 7 images to train on (train/), 4 to test on (test/)",
      "1 archive is passed over (more.zip). Unpack what belongs to the dataset.",
      "1 image has several frames or pages (train/cat/moving.gif): the first is used."
    ]
    for (const _ of ["read", "cached"]) {
      expect(told(await trained("--dataset", dataset))).toEqual(expected)
      const explored = documentOf(await pipeline(at, "run", "explore", "--dataset", dataset, "--json"))
      expect(nodeOf(explored, "describe").told).toEqual(expected)
    }
  })

  it("folders that look like splits and cannot be resolved are refused, with the option that says it", async () => {
    const strange = onDisk("pets", [...(await images("train", 3)), ...(await images("photos", 3))])
    const finished = await pipeline(at, "run", "simple-cnn", "--dataset", strange)
    expect(finished.code).toBe(1)
    expect(finished.stderr).toMatch(/has train\/, which looks like a split; expected .*--splits train=FOLDER/)
    const wrong = await pipeline(at, "run", "simple-cnn", "--dataset", strange, "--splits", "val=photos")
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toMatch(/"val=photos"; expected "auto", "none", or folders by split/)
  })
})
