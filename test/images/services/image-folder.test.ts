import fs from "node:fs"
import path from "node:path"
import { gzipSync } from "node:zlib"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import sharp from "sharp"
import * as DatasetReader from "../../../images/services/DatasetReader.ts"
import { Images } from "../../../images/services/Images.ts"
import { digests, files, onDisk, picture, tar, zip } from "../../rig/archives.ts"

const layer = Layer.merge(Images.live, digests)

/** Pictures at these paths, the n-th with red = n. */
const pictures = (paths: ReadonlyArray<string>, width = 8, height = 8) =>
  Effect.promise(() =>
    Promise.all(
      paths.map(async (at, index) => ({
        path: at,
        bytes: await picture("x.png", width, height, { r: index, g: 9, b: 9 })
      }))
    )
  )

const read = (at: string, imageSize: number | null = null, testFraction = 0.2) =>
  Effect.gen(function* () {
    const { classes, train, test } = yield* DatasetReader.open(yield* files(at), {
      imageSize,
      testFraction,
      splits: { _tag: "ByName" }
    })
    const rows = (batches: typeof train) =>
      Effect.map(Stream.runCollect(batches), (found) =>
        [...found].flatMap(({ rows: count, columns: { image, label } }) =>
          Array.from({ length: count }, (_, row) => ({
            label: label[row],
            red: image.data[(row * image.data.length) / count],
            shape: image.shape.join("x")
          }))
        )
      )
    return { classes, train: yield* rows(train), test: yield* rows(test) }
  }).pipe(Effect.provide(layer))

const split = ["train/dog/2.png", "train/cat/1.png", "test/dog/3.png", "test/cat/4.png", "train/cat/0.png"]

describe("image folders", () => {
  it.effect("a folder, its tar.gz and its zip give the same rows: by class, then by name", () =>
    Effect.gen(function* () {
      const entries = yield* pictures(split)
      for (const [name, content] of [
        ["pets", entries],
        ["pets.tar.gz", gzipSync(tar(entries))],
        ["pets.zip", zip(entries)]
      ] as const) {
        const { classes, train, test } = yield* read(onDisk(name, content))
        expect(classes).toEqual(["cat", "dog"])
        expect(train.map(({ label, red }) => [label, red])).toEqual([
          [0, 4],
          [0, 1],
          [1, 0]
        ])
        expect(test.map(({ label, red }) => [label, red])).toEqual([
          [0, 3],
          [1, 2]
        ])
        expect(train[0]?.shape).toBe("8x8x3")
      }
    })
  )

  it.effect("more images than a batch or a reading group holds keep their order", () =>
    Effect.gen(function* () {
      const [first] = yield* pictures(["x"])
      const count = 300
      const entries = Array.from({ length: count }, (_, index) => ({
        path: `${index < count / 2 ? "train" : "test"}/${index % 2 === 0 ? "a" : "b"}/${String(index).padStart(4, "0")}.png`,
        bytes: first?.bytes ?? ""
      }))
      const { train, test } = yield* read(onDisk("many", entries))
      const labels = [...Array.from({ length: 75 }, () => 0), ...Array.from({ length: 75 }, () => 1)]
      expect(train.map((row) => row.label)).toEqual(labels)
      expect(test.map((row) => row.label)).toEqual(labels)
    })
  )

  it.effect("images of two sizes are refused with both names, and read with a size", () =>
    Effect.gen(function* () {
      const [small = [], wide = []] = yield* Effect.all([pictures(split), pictures(["train/dog/wide.png"], 20, 10)])
      const at = onDisk("pets", [...small, ...wide])
      const error = yield* Effect.flip(read(at))
      expect(error.message).toMatch(
        /train\/dog\/wide\.png is 20x10 .*, .*train\/cat\/0\.png is 8x8; expected images of one size\. Try imageSize: 224\./
      )
      const { train, test } = yield* read(at, 16)
      expect(new Set([...train, ...test].map((row) => row.shape))).toEqual(new Set(["16x16x3"]))
    })
  )

  it.effect("a test image of another size than the training images is refused", () =>
    Effect.gen(function* () {
      const [train = [], test = []] = yield* Effect.all([
        pictures(["train/cat/1.png", "train/dog/1.png"]),
        pictures(["test/cat/1.png", "test/dog/1.png"], 9, 9)
      ])
      const error = yield* Effect.flip(read(onDisk("pets", [...train, ...test])))
      expect(error._tag).toBe("ImageSizesDiffer")
    })
  )

  it.effect("a file in a class folder that is no image is refused by name", () =>
    Effect.gen(function* () {
      const entries = [...(yield* pictures(split)), { path: "train/cat/notes.txt", bytes: "not an image" }]
      const error = yield* Effect.flip(read(onDisk("pets.tgz", gzipSync(tar(entries)))))
      expect(error.message).toMatch(/train\/cat\/notes\.txt in .*pets\.tgz is not an image; expected a JPEG/)
    })
  )

  it.effect(
    "a file larger than an archive's may be is refused before it is read; beside the classes it is left out",
    () =>
      Effect.gen(function* () {
        const at = onDisk("pets", yield* pictures(split))
        const bytes = (256 << 20) + 1
        // sparse: no test should fill a disk
        const large = (name: string) => {
          fs.writeFileSync(path.join(at, name), "")
          fs.truncateSync(path.join(at, name), bytes)
        }
        large("train/notes.bin")
        expect((yield* read(at)).train).toHaveLength(3)
        large("train/cat/large.jpg")
        const error = yield* Effect.flip(Effect.asVoid(read(at)))
        expect(error._tag).toBe("FileTooLarge")
        expect(error.message).toMatch(
          /train\/cat\/large\.jpg has 268435457 bytes; expected at most 268435456\. Make it smaller, or remove it/
        )
      })
  )

  it.effect("small files of many pixels are decoded in bounded memory", () =>
    Effect.gen(function* () {
      const square = sharp({ create: { width: 4_000, height: 4_000, channels: 3, background: "#fff" } })
      const bomb = yield* Effect.promise(() => square.png({ palette: true, colours: 2 }).toBuffer())
      expect(bomb.length).toBeLessThan(4_000)
      const paths = ["train/a", "train/b"].flatMap((at) =>
        Array.from({ length: 20 }, (_, index) => `${at}/${index}.png`)
      )
      const at = onDisk(
        "bombs",
        [...paths, "test/a/0.png"].map((file) => ({ path: file, bytes: bomb }))
      )
      const { train } = yield* DatasetReader.open(yield* files(at), {
        imageSize: null,
        testFraction: 0.2,
        splits: { _tag: "ByName" }
      })
      const megabytes = () => process.resourceUsage().maxRSS / 1024
      const before = megabytes()
      const rows = yield* Stream.runFold(train, 0, (sum, batch) => sum + batch.rows)
      expect(rows).toBe(40)
      // decoded, they have 1,920 MB
      expect(megabytes() - before).toBeLessThan(900)
    }).pipe(Effect.provide(layer))
  )

  it.effect("a truncated JPEG is refused by name", () =>
    Effect.gen(function* () {
      const jpeg = yield* Effect.promise(() => picture("x.jpg", 8, 8))
      const entries = [...(yield* pictures(split)), { path: "train/cat/cut.jpg", bytes: jpeg.subarray(0, -20) }]
      const error = yield* Effect.flip(read(onDisk("pets", entries)))
      expect(error.message).toMatch(/train\/cat\/cut\.jpg is damaged \(.*premature end.*\); expected a complete image/)
    })
  )

  it.effect("an image replaced between digest and reading is noticed", () =>
    Effect.gen(function* () {
      const at = onDisk("pets", yield* pictures(split))
      const dataset = yield* DatasetReader.open(yield* files(at), {
        imageSize: null,
        testFraction: 0.2,
        splits: { _tag: "ByName" }
      })
      const [other] = yield* pictures(["x"])
      fs.writeFileSync(path.join(at, "train/dog/2.png"), Buffer.concat([Buffer.from(other?.bytes ?? ""), Buffer.of(0)]))
      const error = yield* Effect.flip(Stream.runDrain(dataset.train))
      expect(error._tag).toBe("SourceChanged")
      expect(error.message).toContain("train/dog/2.png")
    }).pipe(Effect.provide(layer))
  )
})
