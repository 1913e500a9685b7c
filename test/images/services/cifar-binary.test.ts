import fs from "node:fs"
import path from "node:path"
import { gzipSync } from "node:zlib"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Layer, Stream } from "effect"
import * as DatasetReader from "../../../images/services/DatasetReader.ts"
import { Images } from "../../../images/services/Images.ts"
import { digests, files, onDisk, type Packed, picture, tar, zip } from "../../rig/archives.ts"

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
    const { classes, train, test } = yield* DatasetReader.open(yield* files(at), {
      imageSize,
      testFraction: 0.2,
      splits: { _tag: "ByName" }
    })
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
      const error = yield* Effect.flip(
        DatasetReader.open(source, { imageSize: null, testFraction: 0.2, splits: { _tag: "ByName" } })
      )
      expect(error._tag).toBe("SourceChanged")
    }).pipe(Effect.provide(layer))
  )
})

const fine = Array.from({ length: 100 }, (_, index) => `class ${index}`)

/** CIFAR-100's records: a coarse label, which is not used, and a fine one. */
const hundred = (labels: ReadonlyArray<number>): Buffer =>
  Buffer.concat(labels.map((label) => Buffer.concat([Buffer.from([19]), record(label, label, 100, 50)])))

const hundreds = (parts: Readonly<Record<string, Buffer | string>>): ReadonlyArray<Packed> =>
  Object.entries(parts).map(([name, bytes]) => ({ path: `cifar-100-binary/${name}`, bytes }))

describe("CIFAR-100's binary version", () => {
  const standard100 = {
    "test.bin": hundred([98, 0]),
    "train.bin": hundred([99, 5, 17]),
    "coarse_label_names.txt": "coarse\n",
    "fine_label_names.txt": `${fine.join("\n")}\n`
  }

  it.effect("is read by its fine labels, from an archive, and from a folder of another name", () =>
    Effect.gen(function* () {
      const inRoot = Object.entries(standard100).map(([path, bytes]) => ({ path, bytes }))
      for (const [name, content] of [
        ["cifar-100.tar.gz", gzipSync(tar(hundreds(standard100)))],
        ["mine", inRoot]
      ] as const) {
        const { classes, rows, train, test } = yield* read(onDisk(name, content))
        expect(classes).toEqual(fine)
        expect([train, test]).toEqual([
          [99, 5, 17],
          [98, 0]
        ])
        expect([...(rows.train[0]?.columns.image.data.subarray(0, 6) ?? [])]).toEqual([255, 100, 50, 99, 100, 50])
      }
    })
  )

  it.effect("without its class names, or with a label above 99, it is refused by name", () =>
    Effect.gen(function* () {
      const { "fine_label_names.txt": _, ...unnamed } = standard100
      expect((yield* refusal(hundreds(unnamed))).message).toMatch(/has no fine_label_names\.txt; .* Download/)
      const wrong = hundreds({ ...standard100, "train.bin": hundred([3, 100]) })
      expect((yield* refusal(wrong)).message).toMatch(/train\.bin in .* has label 100 in record 2; expected 0 to 99/)
      const cut = hundreds({ ...standard100, "train.bin": hundred([3]).subarray(1) })
      expect((yield* refusal(cut)).message).toMatch(/batch of 3073 bytes; expected a multiple of 3074/)
    })
  )
})

describe("one CIFAR under the names of the other's files", () => {
  const pair = (names: readonly [string, string], bytes: Buffer): ReadonlyArray<Packed> =>
    names.map((name) => ({ path: `c/${name}`, bytes }))
  const tens = ["data_batch_1.bin", "test_batch.bin"] as const
  const beside = { path: "c/fine_label_names.txt", bytes: `${fine.join("\n")}\n` }
  const hundredNames = ["train.bin", "test.bin"] as const

  it.effect("is told by the length of its records, with the names that they ought to have", () =>
    Effect.gen(function* () {
      expect((yield* refusal(pair(tens, hundred([99, 5])))).message).toMatch(
        / holds CIFAR-100's records of 3074 bytes under the names of CIFAR-10's files; expected .*3073 bytes\. Name the files train\.bin and test\.bin, beside fine_label_names\.txt\.$/
      )
      expect((yield* refusal([...pair(hundredNames, batch([9, 5])), beside])).message).toMatch(
        / holds CIFAR-10's records of 3073 bytes under the names of CIFAR-100's files; .* Name the files data_batch_1\.bin and test_batch\.bin/
      )
    })
  )

  // 3,074 records of one length are as long as 3,073 of the other
  it.effect("is told by the labels of all records where the length fits both", () =>
    Effect.gen(function* () {
      const labels = Array.from({ length: 3074 }, (_, index) => index % 10)
      const ten = [...pair(tens, batch(labels))]
      expect((yield* read(onDisk("ten", ten))).train).toEqual(labels)
      const hundreds = hundred(Array.from({ length: 3073 }, (_, index) => index % 100))
      for (const content of [pair(tens, hundreds), zip(pair(tens, hundreds))]) {
        const error = yield* Effect.flip(Effect.asVoid(read(onDisk(`c${content.length}.zip`, content))))
        expect(error.message).toContain("holds CIFAR-100's records of 3074 bytes under the names of CIFAR-10's files")
      }
      expect((yield* read(onDisk("hundred", [...pair(hundredNames, hundreds), beside]))).train).toHaveLength(3073)
    })
  )

  it.effect("is refused where neither its length nor its labels tell it from the other", () =>
    Effect.gen(function* () {
      const dark = Buffer.alloc(3073 * 3074, 3)
      for (const content of [pair(tens, dark), [...pair(hundredNames, dark), beside]]) {
        expect((yield* refusal(content)).message).toMatch(
          / may hold records of 307\d bytes, CIFAR-10+'s, or of 307\d, CIFAR-10+'s: sizes and labels fit both; expected .* Get the archive again/
        )
      }
    })
  )
})

describe("CIFAR in a form that is not read is refused by what it is, with the file to get", () => {
  // a pickle that would run a command, if somebody read it
  const pickle = "cos\nsystem\n(S'exit 1'\ntR."
  const forms: Readonly<Record<string, readonly [string, ReadonlyArray<string>, RegExp]>> = {
    python10: [
      "cifar-10-batches-py/",
      ["data_batch_1", "test_batch", "batches.meta", "readme.html"],
      /CIFAR-10 in its Python/
    ],
    matlab10: [
      "cifar-10-batches-mat/",
      ["data_batch_1.mat", "test_batch.mat", "batches.meta.mat"],
      /CIFAR-10 in its MATLAB/
    ],
    python100: ["cifar-100-python/", ["train", "test", "meta", "file.txt~"], /CIFAR-100 in its Python/],
    matlab100: ["cifar-100-matlab/", ["train.mat", "test.mat", "meta.mat"], /CIFAR-100 in its MATLAB/]
  }
  for (const [name, [prefix, files, words]] of Object.entries(forms)) {
    it.effect(`${name}, packed, and unpacked into a folder`, () =>
      Effect.gen(function* () {
        const packed = files.map((file) => ({ path: `${prefix}${file}`, bytes: pickle }))
        const inside = files.map((file) => ({ path: file, bytes: pickle }))
        for (const [at, content] of [
          ["packed.tar.gz", gzipSync(tar(packed))],
          ["folder", packed],
          ["inside", inside]
        ] as const) {
          const error = yield* Effect.flip(Effect.asVoid(read(onDisk(at, content))))
          expect(error._tag).toBe("CifarRefused")
          expect(error.message).toMatch(words)
          const archive = name.endsWith("100") ? "cifar-100-binary" : "cifar-10-binary"
          expect(error.message).toContain(
            `Get ${archive}.tar.gz from https://www.cs.toronto.edu/~kriz/${archive}.tar.gz`
          )
        }
      })
    )
  }

  it.effect("image folders whose classes are called train, test or meta are none of it", () =>
    Effect.gen(function* () {
      const bytes = yield* Effect.promise(() => picture("a.png"))
      const paths = ["train/1.png", "train/2.png", "train/3.png", "meta/1.png", "meta/2.png", "meta/3.png"]
      const found = yield* Effect.either(
        read(
          onDisk(
            "meta",
            paths.map((path) => ({ path, bytes }))
          )
        )
      )
      expect(Either.isLeft(found) ? found.left._tag : "read").not.toBe("CifarRefused")
    })
  )
})
