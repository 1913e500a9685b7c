import { gzipSync } from "node:zlib"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as DatasetReader from "../../../images/services/DatasetReader.ts"
import * as DatasetSurvey from "../../../images/services/DatasetSurvey.ts"
import { assign } from "../../../images/services/ImageLayout.ts"
import { Images } from "../../../images/services/Images.ts"
import * as PassedOver from "../../../images/services/PassedOver.ts"
import { digests, files, onDisk, type Packed, picture, tar, zip } from "../../rig/archives.ts"

const options = { imageSize: null, testFraction: 0.2, splits: { _tag: "ByName" } } as const
const layer = Layer.merge(Images.live, digests)

/** What ingest tells of a dataset, which explore must tell as well. */
const noticesOf = (at: string) =>
  Effect.gen(function* () {
    const source = yield* files(at)
    const { notices } = yield* DatasetReader.open(source, options)
    expect((yield* DatasetSurvey.open(source, options)).notices).toEqual(notices)
    return notices
  }).pipe(Effect.provide(layer))

const refusal = (at: string) =>
  Effect.flip(Effect.flatMap(files(at), (source) => DatasetReader.open(source, options))).pipe(
    Effect.map(({ message }) => message.slice(message.indexOf(" ") + 1)),
    Effect.provide(layer)
  )

const image = (path: string): Packed => ({ path, bytes: "an image" })
const flat = ["cat/0.png", "cat/1.png", "dog/0.png", "dog/1.png"].map(image)
const split = ["train", "test"].flatMap((name) => flat.map(({ path }) => image(`${name}/${path}`)))
const named = (...paths: ReadonlyArray<string>): ReadonlyArray<Packed> => paths.map((path) => ({ path, bytes: "x" }))

describe("archives among a dataset's files", () => {
  it.effect("are refused by name where they are all there is, in a folder and in an archive", () =>
    Effect.gen(function* () {
      const packed = named("train.zip", "test.zip", "README.md")
      for (const at of [
        onDisk("pets", packed),
        onDisk("pets.zip", zip(packed)),
        onDisk("pets.tgz", gzipSync(tar(packed)))
      ]) {
        expect(yield* refusal(at)).toMatch(
          /^holds no images, but 2 archives \(test\.zip, train\.zip\); expected train\/CLASS.*\. Unpack what is packed in it, and give the folder/
        )
      }
      expect(yield* refusal(onDisk("pets", named("pets/train/part.tar.gz", "pets/test/part.tar.gz")))).toMatch(
        /^holds no images, but 2 archives \(pets\/test\/part\.tar\.gz, pets\/train\/part\.tar\.gz\); /
      )
    })
  )

  it.effect("are named where they lie beside class folders, beside splits and around a wrapper", () =>
    Effect.gen(function* () {
      const told = (...names: ReadonlyArray<string>) => [
        `${names.length} archive${names.length === 1 ? " is" : "s are"} passed over (${names.join(", ")}). Unpack what belongs to the dataset.`
      ]
      expect(yield* noticesOf(onDisk("pets", [...flat, ...named("more.tar.gz")]))).toEqual(told("more.tar.gz"))
      const beside = named("extra.zip", "train/more.7z")
      expect(yield* noticesOf(onDisk("pets", [...split, ...beside]))).toEqual(told("extra.zip", "train/more.7z"))
      expect(yield* noticesOf(onDisk("pets.zip", zip([...split, ...beside])))).toEqual(
        told("extra.zip", "train/more.7z")
      )
      const wrapped = [...split.map(({ path }) => image(`pets/${path}`)), ...named("part.z01", "part.zip")]
      expect(yield* noticesOf(onDisk("pets", wrapped))).toEqual(told("part.z01", "part.zip"))
    })
  )

  it.effect("are said to be archives in a class folder", () =>
    Effect.gen(function* () {
      const images = yield* Images
      const kinds = [
        [zip(flat), /^x is a zip archive, which is not read here; .* Unpack what belongs to the class/],
        [gzipSync("an image"), /^x is packed by gzip, which/],
        [tar(flat), /^x is a tar archive/],
        [Buffer.from("Rar!\x1a\x07\0"), /^x is a RAR archive/]
      ] as const
      for (const [bytes, words] of kinds) {
        const error = yield* Effect.flip(images.decode([{ file: "x", bytes }], null))
        expect(error.message).toMatch(words)
      }
    }).pipe(Effect.provide(Images.live))
  )
})

describe("other files among a dataset's", () => {
  it.effect("that may hold labels or images are told by count and ending; documents are not", () =>
    Effect.gen(function* () {
      const beside = ["labels.csv", "train/a.csv", "x.npz", "y.h5", "z.parquet", "t.tfrecord-00000-of-00002", "names"]
      const documents = ["README.txt", "LICENSE", "docs/about.md", "paper.pdf", "cite.bib"]
      expect(yield* noticesOf(onDisk("pets", [...split, ...named(...beside, ...documents)]))).toEqual([
        "7 other files are passed over (2 .csv, 1 .h5, 1 .npz, 1 .parquet, … 1 without an ending; such as labels.csv): classes are the names of folders."
      ])
      expect(yield* noticesOf(onDisk("pets", [...split, ...named(...documents)]))).toEqual([])
      // images without an ending in a folder beside the splits, which no name says to be images
      expect(yield* noticesOf(onDisk("pets", [...split, ...named("extra/cat/0", "extra/cat/1")]))).toEqual([
        "2 other files are passed over (2 without an ending; such as extra/cat/0): classes are the names of folders."
      ])
    })
  )

  it.effect("make no class of the folder that holds them alone", () =>
    Effect.gen(function* () {
      const beside = named("annotations/a.json", "annotations/b.json", "docs/about.md", "labels/1.txt", "labels/2.txt")
      const notice =
        "4 other files are passed over (2 .json, 2 .txt; such as annotations/a.json): classes are the names of folders."
      expect(yield* noticesOf(onDisk("pets", [...flat, ...beside]))).toEqual([notice])
      const within = beside.map((one) => ({ ...one, path: `train/${one.path}` }))
      expect(yield* noticesOf(onDisk("pets", [...split, ...within]))).toEqual([
        notice.replace("annotations", "train/annotations")
      ])
      // among images, or packed, they are told of by the decoder, which knows them by their bytes
      const { splits } = yield* assign(
        "pets",
        [...flat, ...named("cat/notes.txt", "bird/all.zip")].map(({ path }) => ({ path, size: 1 })),
        options
      )
      const paths = [...splits.train, ...splits.test].map(({ entry }) => entry.path)
      expect(paths).toEqual(expect.arrayContaining(["cat/notes.txt", "bird/all.zip"]))
    })
  )

  it.effect("are refused by what they are where there is no image", () =>
    Effect.gen(function* () {
      expect(yield* refusal(onDisk("pets", named("data/train.parquet", "data/test.parquet", "README.md")))).toMatch(
        /^holds no images, but 2 other files \(2 \.parquet\); expected .* Save each image as a file of its own/
      )
      expect(yield* refusal(onDisk("pets", named("README.md")))).toMatch(/^holds no images; expected /)
    })
  )

  it.effect("in a class folder without a known ending are images as ever", () =>
    Effect.gen(function* () {
      const bytes = yield* Effect.promise(() => picture("x.png"))
      const unnamed = ["cat/0", "cat/1.xyz", "dog/0", "dog/1"].map((path) => ({ path, bytes }))
      expect(yield* noticesOf(onDisk("pets", unnamed))).toEqual([])
    })
  )

  it.effect("beside CIFAR's batches are told of, with the images among them", () =>
    Effect.gen(function* () {
      const record = Buffer.alloc(3073)
      const batches = ["data_batch_1.bin", "test_batch.bin"].map((name) => ({ path: `c/${name}`, bytes: record }))
      const usual = named("c/readme.html")
      expect(yield* noticesOf(onDisk("c", [...batches, ...usual]))).toEqual([])
      expect(yield* noticesOf(onDisk("c", [...batches, ...usual, ...flat, ...named("c/more.zip")]))).toEqual([
        "4 images are passed over (cat/0.png, cat/1.png, dog/0.png, dog/1.png).",
        "1 archive is passed over (c/more.zip). Unpack what belongs to the dataset."
      ])
    })
  )
})

it("nothing passed over is nothing to tell", () => {
  expect(PassedOver.notices([])).toEqual([])
  expect(PassedOver.instead([{ path: "README.md", size: 1 }])).toBe(null)
})
