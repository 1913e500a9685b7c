import { deflateSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { hugePng, onDisk, type Packed, picture } from "../rig/archives.ts"
import { refused } from "../rig/bad-input.ts"
import { folder } from "../rig/folder.ts"

const run = (dataset: string, ...args: ReadonlyArray<string>) =>
  refused(["run", "transfer", "--dataset", dataset, ...args], 1)

/** Two classes of good images, and what is given. */
const withImages = async (...more: ReadonlyArray<Packed>): Promise<string> => {
  const bytes = await picture("a.png")
  const good = ["cat", "dog"].flatMap((name) => [0, 1, 2, 3].map((at) => ({ path: `${name}/${at}.png`, bytes })))
  return onDisk("images", [...good, ...more])
}

describe("a dataset that is no image folder fails, naming what is wrong", () => {
  it("a folder that doesn't exist, and a name with a typo", async () => {
    expect(await run("/nowhere/at/all")).toMatchObject({
      tag: "NoSuchSource",
      what: 'There is no dataset "/nowhere/at/all" (nothing lies at /nowhere/at/all)',
      expected: expect.stringContaining("cifar10, cifar10-5k, sample, or the path of an image folder"),
      fix: "Check the path."
    })
    expect(await run("cifar10-5K")).toMatchObject({ fix: "Did you mean cifar10-5k? If not, check the path." })
  })

  it("a file of another kind", async () => {
    const file = onDisk("notes.txt", Buffer.from("hello"))
    expect(await run(file)).toMatchObject({
      tag: "UnsupportedSource",
      what: expect.stringContaining("notes.txt"),
      expected: "a folder, a .tar, .tar.gz, .tgz or .zip"
    })
  })

  it("a folder without images", async () => {
    const shape = "train/CLASS/*.jpg and test/CLASS/*.jpg, perhaps val/CLASS/*.jpg, or CLASS/*.jpg"
    const nothing = { tag: "ImageFolderRefused", what: expect.stringContaining("holds no images"), expected: shape }
    expect(await run(folder("empty"))).toMatchObject(nothing)
    expect(await run(onDisk("texts", [{ path: "README.md", bytes: "hello" }]))).toMatchObject(nothing)
  })

  it("a single class, and images in no class", async () => {
    const bytes = await picture("a.png")
    const images = (at: string) => [0, 1, 2].map((number) => ({ path: `${at}${number}.png`, bytes }))
    expect(await run(onDisk("one", images("cat/")))).toMatchObject({
      tag: "ImageFolderRefused",
      what: expect.stringMatching(/ has only the class cat$/),
      expected: expect.stringMatching(/^two or more/),
      fix: "Add the folder of another class."
    })
    expect(await run(onDisk("flat", images("")))).toMatchObject({
      what: expect.stringMatching(/ has 3 images, such as 0\.png, in no class folder$/)
    })
  })
})

describe("one bad image fails its node, naming the file", () => {
  it("something else in a class folder", async () => {
    const failure = await run(await withImages({ path: "cat/notes.txt", bytes: "not an image" }))
    expect(failure).toMatchObject({
      tag: "ImageRefused",
      what: expect.stringMatching(/\/cat\/notes\.txt is not an image$/),
      expected: "a JPEG, PNG, WebP, GIF, TIFF or AVIF file",
      fix: "Remove it from the class folder, or convert it."
    })
    expect(failure.document.nodes?.map(({ node, status }) => [node, status])).toEqual(
      expect.arrayContaining([
        ["ingest", "failed"],
        ["extract-features", "skipped"],
        ["train", "skipped"],
        ["plot", "skipped"]
      ])
    )
    expect(failure.document.run).toMatch(/^\d{8}-/)
    expect(await run(await withImages({ path: "cat/empty.jpg", bytes: "" }))).toMatchObject({
      what: expect.stringMatching(/empty\.jpg is empty$/)
    })
  })

  it("a truncated JPEG", async () => {
    const whole = await picture("a.jpg", 64, 64)
    const bytes = whole.subarray(0, whole.length - 40)
    expect(await run(await withImages({ path: "dog/cut.jpg", bytes }), "--image-size", "8")).toMatchObject({
      tag: "ImageRefused",
      what: expect.stringMatching(/\/dog\/cut\.jpg is damaged \(.+\)$/),
      expected: "a complete image",
      fix: "Replace it with a good copy, or remove it."
    })
  })

  // its pixels are missing: who decoded it would say that it is damaged
  it("a PNG of 30,000 x 30,000 pixels, without decoding it", async () => {
    const failure = await run(await withImages({ path: "dog/huge.png", bytes: hugePng(30_000, 30_000) }))
    expect(failure).toMatchObject({
      tag: "ImageRefused",
      what: expect.stringMatching(/\/dog\/huge\.png has 30000x30000 pixels$/),
      expected: "at most 100 megapixels"
    })
  })

  it("images of different sizes", async () => {
    const bytes = await picture("a.png", 9, 8)
    expect(await run(await withImages({ path: "dog/wide.png", bytes }))).toMatchObject({
      tag: "ImageSizesDiffer",
      what: expect.stringMatching(/9x8 \(width x height\), .* is 8x8$/),
      expected: "images of one size",
      fix: "Try --image-size 224."
    })
  })
})

const record = 3073
/** CIFAR's files: records of one label byte and 3,072 pixels. */
const cifar = (training: Uint8Array, more: ReadonlyArray<Packed> = []): string =>
  onDisk("cifar", [
    { path: "data_batch_1.bin", bytes: training },
    { path: "test_batch.bin", bytes: Buffer.alloc(record) },
    ...more
  ])

describe("CIFAR files that are not as their format says fail, naming the file", () => {
  it("a truncated batch, and one of another size", async () => {
    const cut = {
      tag: "CifarRefused",
      expected: "a multiple of 3073, and not zero",
      fix: "Download or copy the archive again."
    }
    expect(await run(cifar(Buffer.alloc(2 * record - 1)))).toMatchObject({
      ...cut,
      what: expect.stringMatching(/data_batch_1\.bin is a truncated or wrong-sized batch of 6145 bytes$/)
    })
    expect(await run(cifar(Buffer.alloc(0)))).toMatchObject({ ...cut, what: expect.stringContaining("of 0 bytes") })
    const zipped = deflateSync(Buffer.alloc(record))
    expect(await run(cifar(zipped))).toMatchObject(cut)
  })

  it("a label above 9, and class names that are too few", async () => {
    const records = Buffer.alloc(3 * record)
    records[2 * record] = 10
    expect(await run(cifar(records))).toMatchObject({
      tag: "CifarRefused",
      what: expect.stringMatching(/data_batch_1\.bin has label 10 in record 3$/),
      expected: "0 to 9"
    })
    const names = { path: "batches.meta.txt", bytes: "cat\ndog\n" }
    expect(await run(cifar(Buffer.alloc(record), [names]))).toMatchObject({
      what: expect.stringMatching(/batches\.meta\.txt names 2 classes$/)
    })
  })

  it("no batch to test on", async () => {
    const alone = onDisk("cifar", [{ path: "data_batch_1.bin", bytes: Buffer.alloc(record) }])
    expect(await run(alone)).toMatchObject({ what: expect.stringMatching(/ has no test_batch\.bin$/) })
  })
})
