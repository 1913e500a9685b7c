import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { gzipSync } from "node:zlib"
import sharp from "sharp"
import { beforeAll, describe, expect, it } from "vitest"
import type { ValueOf } from "../../artifacts/Artifact.ts"
import type { ClassCounts } from "../../images/artifacts/ClassCounts.ts"
import type { DatasetSummary } from "../../images/artifacts/DatasetSummary.ts"
import { onDisk, type Packed, tar } from "../rig/archives.ts"
import { documentOf, filesIn, nodeOf, pipeline, type Rig, ran, rig } from "../rig/cli.ts"

type Summary = ValueOf<typeof DatasetSummary>

/** Sixteen colours, others for each seed. */
const colours = (seed: number) => {
  const values = createHash("sha512").update(String(seed)).digest().subarray(0, 48)
  return sharp(values, { raw: { width: 4, height: 4, channels: 3 } })
}
const pixels = (seed: number, width = 16, height = 16) =>
  colours(seed).resize(width, height, { kernel: "cubic", fit: "fill" })
const png = (seed: number, width = 16, height = 16) => pixels(seed, width, height).png().toBuffer()
const jpeg = (seed: number) => pixels(seed).jpeg({ quality: 90 }).toBuffer()

/** What can be wrong with a dataset, planted file by file. */
const planted = async (): Promise<ReadonlyArray<Packed>> => {
  const cut = await jpeg(90)
  const files: Readonly<Record<string, Buffer>> = {
    "README.md": Buffer.from("beside the splits"),
    "train/cat/0.png": await png(1),
    "train/cat/1.png": await png(2),
    "train/cat/2.png": await png(3),
    "train/cat/again.png": await png(3),
    "train/dog/0.png": await png(4),
    "train/dog/1.png": await png(5),
    "train/dog/as-cat.png": await png(1),
    "train/dog/grey.png": await pixels(6).toColourspace("b-w").png().toBuffer(),
    "train/dog/notes.txt": Buffer.from("no image"),
    "train/dog/wide.png": await png(7, 20, 16),
    "train/fox/cut.jpg": cut.subarray(0, cut.length - 40),
    "test/cat/0.png": await png(2),
    "test/cat/1.png": await png(8),
    "test/dog/0.jpg": await jpeg(5),
    "test/owl/0.png": await png(9)
  }
  return Object.entries(files).map(([at, bytes]) => ({ path: at, bytes }))
}

describe("pipeline run explore", () => {
  let at: Rig
  let folder: string
  let summary: Summary

  const run = async (dataset: string, code = 0) => {
    const finished = await pipeline(at, "run", "explore", "--dataset", dataset, "--json")
    expect(finished.code, finished.stderr + finished.stdout).toBe(code)
    return documentOf(finished)
  }
  const summaryOf = async (dataset: string) => (await run(dataset)).results.summary as unknown as Summary
  const countsOf = async (dataset: string) =>
    ((await run(dataset)).results.table as unknown as ValueOf<typeof ClassCounts>).classes

  beforeAll(async () => {
    at = rig()
    folder = onDisk("planted", await planted())
    summary = await summaryOf(folder)
  })

  it("counts the readable images of each class, and goes on where a file or a class gives none", async () => {
    expect(await countsOf(folder)).toEqual([
      { class: "cat", train: 4, validation: 0, test: 2, unreadable: 0 },
      { class: "dog", train: 5, validation: 0, test: 1, unreadable: 1 },
      { class: "fox", train: 0, validation: 0, test: 0, unreadable: 1 },
      { class: "owl", train: 0, validation: 0, test: 1, unreadable: 0 }
    ])
    expect(summary).toMatchObject({ classes: ["cat", "dog", "fox", "owl"], trainImages: 9, testImages: 4 })
    expect(summary.splits.train.emptyClasses).toEqual(["fox", "owl"])
    expect(summary.splits.test.emptyClasses).toEqual(["fox"])
  })

  it("lists files that are unreadable, odd-sized or not RGB, with what is odd about them", () => {
    expect(summary).toMatchObject({ unreadable: 2, oddSized: 1, notRgb: 1 })
    expect(summary.files).toEqual({
      unreadable: [
        { file: "train/dog/notes.txt", what: "is not an image" },
        { file: "train/fox/cut.jpg", what: expect.stringMatching(/^is damaged \(.+\)$/) }
      ],
      oddSized: [{ file: "train/dog/wide.png", what: "20x16" }],
      notRgb: [{ file: "train/dog/grey.png", what: "grey" }]
    })
    expect(summary.sizes).toEqual([
      { width: 16, height: 16, images: 12 },
      { width: 20, height: 16, images: 1 }
    ])
  })

  it("finds equal images within and across the splits, and says whether their classes agree", () => {
    expect(summary.duplicates).toBe(3)
    expect(summary.equal.train).toEqual({
      images: 2,
      disagreeing: 1,
      examples: [
        {
          first: { split: "train", row: 0, class: "cat", file: "train/cat/0.png" },
          second: { split: "train", row: 6, class: "dog", file: "train/dog/as-cat.png" },
          labelsAgree: false
        },
        {
          first: { split: "train", row: 2, class: "cat", file: "train/cat/2.png" },
          second: { split: "train", row: 3, class: "cat", file: "train/cat/again.png" },
          labelsAgree: true
        }
      ]
    })
    expect(summary.equal.test).toEqual({ images: 0, disagreeing: 0, examples: [] })
    expect(summary.equal.across).toMatchObject({ images: 1, disagreeing: 0 })
    expect(summary.equal.across.examples[0]).toMatchObject({
      first: { split: "train", row: 1 },
      second: { split: "test", row: 0, file: "test/cat/0.png" }
    })
  })

  it("finds what only looks equal: a lossy copy of a training image among the test images", () => {
    expect(summary.nearDuplicates).toBe(1)
    expect(summary.near.across.examples).toEqual([
      {
        first: { split: "train", row: 5, class: "dog", file: "train/dog/1.png" },
        second: { split: "test", row: 2, class: "dog", file: "test/dog/0.jpg" },
        labelsAgree: true
      }
    ])
  })

  it("takes mean and deviation of each channel over all pixels of a split, in [0, 1]", async () => {
    const files = ["cat/0.png", "cat/1.png", "dog/0.jpg", "owl/0.png"].map((name) => path.join(folder, "test", name))
    const raw = Buffer.concat(await Promise.all(files.map((file) => sharp(file).removeAlpha().raw().toBuffer())))
    for (const channel of [0, 1, 2]) {
      const values = Array.from({ length: raw.length / 3 }, (_, pixel) => (raw[pixel * 3 + channel] ?? 0) / 255)
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
      expect(summary.splits.test.mean?.[channel]).toBeCloseTo(mean, 12)
      expect(summary.splits.test.deviation?.[channel]).toBeCloseTo(Math.sqrt(variance), 12)
    }
  })

  it("draws the classes' counts and the first image of every class that has one", () => {
    const results = path.join(at.results, "explore")
    expect(filesIn(results)).toEqual(expect.arrayContaining(["counts.png", "grid.png", "summary.json", "table.json"]))
    const texts = (name: string) =>
      Array.from(
        fs.readFileSync(path.join(results, `${name}.svg`), "utf8").matchAll(/<text [^>]*>([^<]*)</g),
        ([, text]) => text
      )
    expect(texts("counts")).toEqual(
      expect.arrayContaining(["cat", "owl", "9 training and 4 test images of 4 classes", "5"])
    )
    expect(texts("grid")).toEqual(expect.arrayContaining(["cat", "dog", "owl", "test row 3", "3 of 4 classes"]))
    expect(texts("grid")).not.toContain("fox")
  })

  it("runs nothing twice, and describes an archive of the folder as the folder", async () => {
    expect(ran(await run(folder))).toEqual([])
    const packed = onDisk("planted.tar.gz", gzipSync(tar((await planted()).toReversed())))
    const document = await run(packed)
    expect(document.results.summary).toEqual(summary)
    expect(nodeOf(document, "plot-dataset").status).toBe("reused")
  })

  it("tells people the numbers and a line a class", async () => {
    const { stdout } = await pipeline(at, "run", "explore", "--dataset", folder)
    expect(stdout).toContain(
      "summary: duplicates 3, near duplicates 1, not rgb 1, odd sized 1, test images 4, train images 9, unreadable 2, validation images 0\n"
    )
    expect(stdout).toMatch(/^table:\n {2}class +test +train +unreadable +validation\n {2}cat +2 +4 +0 +0\n/m)
  })

  it("one image is enough, and two white ones are equal, single-coloured, and like nothing else", async () => {
    const one = await summaryOf(onDisk("one", [{ path: "cat/0.png", bytes: await png(1) }]))
    expect([one.trainImages + one.testImages, one.duplicates, one.classes]).toEqual([1, 0, ["cat"]])
    const [full, empty] =
      one.trainImages === 1 ? [one.splits.train, one.splits.test] : [one.splits.test, one.splits.train]
    expect(full.mean).toHaveLength(3)
    expect(empty).toEqual({ images: 0, mean: null, deviation: null, blank: 0, emptyClasses: ["cat"] })

    const plain = (background: string) =>
      sharp({ create: { width: 8, height: 8, channels: 3, background } })
        .png()
        .toBuffer()
    const [white, nearlyWhite] = [await plain("#ffffff"), await plain("#fdfdfd")]
    const blank = await summaryOf(
      onDisk("white", [
        { path: "train/a/0.png", bytes: white },
        { path: "train/a/1.png", bytes: nearlyWhite },
        { path: "test/b/0.png", bytes: white }
      ])
    )
    expect(blank).toMatchObject({ duplicates: 1, nearDuplicates: 0, equal: { across: { images: 1, disagreeing: 1 } } })
    expect([blank.splits.train.blank, blank.splits.test.blank]).toEqual([2, 1])
  })

  it("reads CIFAR-10's batches, whose images have no files", async () => {
    const record = (label: number, value: number) => Buffer.concat([Buffer.from([label]), Buffer.alloc(3072, value)])
    const cifar = onDisk("cifar", [
      { path: "data_batch_1.bin", bytes: Buffer.concat([record(0, 10), record(3, 20), record(4, 20)]) },
      { path: "test_batch.bin", bytes: record(3, 20) }
    ])
    const found = await summaryOf(cifar)
    expect(found).toMatchObject({ trainImages: 3, testImages: 1, duplicates: 2, sizes: [{ width: 32, images: 4 }] })
    expect(found.equal.train.examples[0]?.first).toEqual({ split: "train", row: 1, class: "cat", file: null })
    expect((await countsOf(cifar)).filter(({ train }) => train > 0).map((one) => one.class)).toEqual([
      "airplane",
      "cat",
      "deer"
    ])
  })

  it("refuses what names no class, saying so", async () => {
    const document = await run(onDisk("flat", [{ path: "0.png", bytes: await png(1) }]), 1)
    expect(nodeOf(document, "describe").error).toMatchObject({
      tag: "ImageFolderRefused",
      what: expect.stringMatching(/ has the image 0\.png in no class folder$/)
    })
  })
})
