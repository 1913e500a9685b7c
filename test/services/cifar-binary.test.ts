import fs from "node:fs"
import path from "node:path"
import { gzipSync } from "node:zlib"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import * as DatasetReader from "../../services/DatasetReader.ts"
import { Images } from "../../services/Images.ts"
import { digests, files, onDisk, type Packed, tar, zip } from "../rig/archives.ts"

const names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
const plane = 1024

/** A record whose red, green and blue planes hold one value each, but for the first red pixel. */
const record = (label: number, red: number, green: number, blue: number): Buffer => {
  const bytes = Buffer.concat([Buffer.from([label]), ...[red, green, blue].map((value) => Buffer.alloc(plane, value))])
  bytes[1] = 255
  return bytes
}

const batch = (labels: ReadonlyArray<number>): Buffer =>
  Buffer.concat(labels.map((label, index) => record(label, index % 200, 100, 50)))

const dataset = (parts: Readonly<Record<string, Buffer | string>>): ReadonlyArray<Packed> =>
  Object.entries(parts).map(([name, bytes]) => ({ path: `cifar-10-batches-bin/${name}`, bytes }))

const standard = dataset({
  "data_batch_2.bin": batch([2, 2]),
  "readme.html": "<p>",
  "data_batch_10.bin": batch([4]),
  "test_batch.bin": batch([9, 8]),
  "data_batch_1.bin": batch([1, 0, 3])
})

const layer = Layer.merge(Images.live, digests)

const read = (at: string, imageSize: number | null = null) =>
  Effect.gen(function* () {
    const { classes, train, test } = yield* DatasetReader.open(yield* files(at), { imageSize, testFraction: 0.2 })
    const rows = { train: [...(yield* Stream.runCollect(train))], test: [...(yield* Stream.runCollect(test))] }
    const labels = (of: typeof rows.train) => of.flatMap((each) => [...each.columns.label])
    return { classes, rows, train: labels(rows.train), test: labels(rows.test) }
  }).pipe(Effect.provide(layer))

const refusal = (parts: ReadonlyArray<Packed>) =>
  Effect.flip(Effect.asVoid(read(onDisk("cifar.tar.gz", gzipSync(tar(parts))))))

describe("CIFAR-10's binary version", () => {
  for (const [name, content] of [
    ["cifar.tar.gz", gzipSync(tar(standard))],
    ["cifar.tar", tar(standard)],
    ["cifar.zip", zip(standard)],
    ["cifar", standard]
  ] as const) {
    it.effect(`${name}: batches in the order of their numbers, records in the order of the files`, () =>
      Effect.gen(function* () {
        const { classes, train, test } = yield* read(onDisk(name, content))
        expect(classes).toEqual(names)
        expect(train).toEqual([1, 0, 3, 2, 2, 4])
        expect(test).toEqual([9, 8])
      })
    )
  }

  it.effect("three planes become pixels of three channels", () =>
    Effect.gen(function* () {
      const { rows } = yield* read(onDisk("cifar.tar", tar(standard)))
      const image = rows.train[0]?.columns.image
      expect(image?.shape).toEqual([32, 32, 3])
      expect([...(image?.data.subarray(0, 6) ?? [])]).toEqual([255, 100, 50, 0, 100, 50])
      expect(image?.data.length).toBe(3 * 3 * plane)
    })
  )

  it.effect("many records come in bounded batches, and none is lost between two pieces", () =>
    Effect.gen(function* () {
      const labels = Array.from({ length: 1_000 }, (_, index) => (index * 7) % 10)
      const parts = dataset({ "data_batch_1.bin": batch(labels), "test_batch.bin": batch([0]) })
      for (const [name, content] of [
        ["many.tar.gz", gzipSync(tar(parts))],
        ["many", parts]
      ] as const) {
        const { rows, train } = yield* read(onDisk(name, content))
        expect(train).toEqual(labels)
        expect(Math.max(...rows.train.map((each) => each.rows))).toBeLessThanOrEqual(256)
        const firstPixels = rows.train.flatMap((each) =>
          Array.from({ length: each.rows }, (_, row) => each.columns.image.data[row * 3 * plane + 3])
        )
        expect(firstPixels).toEqual(labels.map((_, index) => index % 200))
      }
    })
  )

  it.effect("class names come from batches.meta.txt", () =>
    Effect.gen(function* () {
      const own = names.map((name) => `my ${name}`)
      const parts = [...standard, ...dataset({ "batches.meta.txt": `${own.join("\n")}\n\n` })]
      expect((yield* read(onDisk("named.tar", tar(parts)))).classes).toEqual(own)
    })
  )

  it.effect("images are stretched when a size is asked for", () =>
    Effect.gen(function* () {
      const { rows, train } = yield* read(onDisk("cifar.tar", tar(standard)), 8)
      expect(train).toEqual([1, 0, 3, 2, 2, 4])
      expect(rows.train[0]?.columns.image.shape).toEqual([8, 8, 3])
      expect([...(rows.train[0]?.columns.image.data.subarray(-3) ?? [])]).toEqual([2, 100, 50])
    })
  )

  it.effect("a truncated batch is refused by name", () =>
    Effect.gen(function* () {
      for (const bytes of [batch([1, 2]).subarray(0, 6_000), Buffer.alloc(0)]) {
        const error = yield* refusal(dataset({ "data_batch_1.bin": bytes, "test_batch.bin": batch([1]) }))
        expect(error._tag).toBe("CifarRefused")
        expect(error.message).toMatch(
          /data_batch_1\.bin in .* is a truncated or wrong-sized batch .*; expected a multiple/
        )
      }
    })
  )

  it.effect("a label above 9 is refused with its file and record", () =>
    Effect.gen(function* () {
      const labels = Array.from({ length: 600 }, (_, index) => (index === 500 ? 17 : 3))
      const error = yield* refusal(dataset({ "data_batch_1.bin": batch(labels), "test_batch.bin": batch([1]) }))
      expect(error.message).toMatch(/data_batch_1\.bin in .* has label 17 in record 501; expected 0 to 9\. Download/)
    })
  )

  it.effect("a missing split is refused by name", () =>
    Effect.gen(function* () {
      expect((yield* refusal(dataset({ "data_batch_1.bin": batch([1]) }))).message).toContain("has no test_batch.bin")
      expect((yield* refusal(dataset({ "test_batch.bin": batch([1]) }))).message).toContain("has no data_batch_1.bin")
    })
  )

  it.effect("a wrong number of class names is refused", () =>
    Effect.gen(function* () {
      const error = yield* refusal([...standard, ...dataset({ "batches.meta.txt": "cat\ndog\n" })])
      expect(error.message).toContain("names 2 classes; expected 10")
    })
  )

  it.effect("a class name that stands twice is refused: two rows of a figure would be one", () =>
    Effect.gen(function* () {
      const twice = names.with(7, "cat").join("\n")
      const error = yield* refusal([...standard, ...dataset({ "batches.meta.txt": twice })])
      expect(error.message).toMatch(
        /batches\.meta\.txt in .* names "cat" twice; expected 10 names, one a line\. Download/
      )
    })
  )

  it.effect("a batch changed in place after the folder was digested is refused", () =>
    Effect.gen(function* () {
      const at = onDisk("changed", standard)
      const source = yield* files(at)
      fs.writeFileSync(path.join(at, "cifar-10-batches-bin/data_batch_1.bin"), batch([5, 5, 5]))
      const error = yield* Effect.flip(DatasetReader.open(source, { imageSize: null, testFraction: 0.2 }))
      expect(error._tag).toBe("SourceChanged")
    }).pipe(Effect.provide(layer))
  )
})
