import fs from "node:fs"
import path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Layer, Stream } from "effect"
import * as Digest from "../../../artifacts/Digest.ts"
import { FileDigests } from "../../../files/FileDigests.ts"
import * as Catalogue from "../../../images/services/Catalogue.ts"
import * as DatasetReader from "../../../images/services/DatasetReader.ts"
import { Images } from "../../../images/services/Images.ts"
import * as SampleImages from "../../../images/services/SampleImages.ts"
import { folder } from "../../rig/folder.ts"

const cell = 32 * 32 * 3

/** The drawn dataset as a pipeline reads it. */
const read = Effect.gen(function* () {
  const at = path.join(folder("sample"), "sample.tar")
  const bytes = Catalogue.sample.make()
  fs.writeFileSync(at, bytes)
  const files = { path: at, digest: Digest.ofBytes(bytes), label: "sample", notice: null }
  const { classes, train, test } = yield* DatasetReader.open(files, {
    imageSize: null,
    testFraction: 0.2,
    splits: { _tag: "ByName" }
  })
  const rows = (split: typeof train) =>
    Stream.runCollect(split).pipe(
      Effect.map(Chunk.toReadonlyArray),
      Effect.map((batches) =>
        batches.flatMap(({ rows, columns: { image, label } }) =>
          Array.from({ length: rows }, (_, row) => ({
            pixels: image.data.subarray(row * cell, (row + 1) * cell),
            label: label[row] ?? -1
          }))
        )
      )
    )
  return { classes, train: yield* rows(train), test: yield* rows(test) }
}).pipe(
  Effect.provide(
    Layer.merge(
      Images.live,
      Layer.suspend(() => FileDigests.layer({ directory: folder("sample-digests") }))
    )
  )
)

describe("the drawn dataset", () => {
  it("has the bytes that the catalogue says, on every machine", () => {
    expect(Digest.ofBytes(Catalogue.sample.make())).toBe(Catalogue.sample.sha256)
  })

  it.effect("has ten classes by name, as many images of each in either split", () =>
    Effect.gen(function* () {
      const { classes, train, test } = yield* read
      expect(new Set(classes).size).toBe(10)
      expect(classes).toContain("triangle")
      const counts = (rows: typeof train) => classes.map((_, label) => rows.filter((row) => row.label === label).length)
      expect(counts(train)).toEqual(classes.map(() => 200))
      expect(counts(test)).toEqual(classes.map(() => 50))
    })
  )

  it.effect("has no two equal images, within a split or across", () =>
    Effect.gen(function* () {
      const { train, test } = yield* read
      const digests = new Set([...train, ...test].map(({ pixels }) => Digest.ofBytes(pixels)))
      expect(digests.size).toBe(2500)
    })
  )

  it.effect("can't be told by the mean colour alone, and not by chance either", () =>
    Effect.gen(function* () {
      const { classes, train, test } = yield* read
      const meanOf = (pixels: Uint8Array) =>
        [0, 1, 2].map((channel) => {
          let sum = 0
          for (let at = channel; at < pixels.length; at += 3) sum += pixels[at] ?? 0
          return sum / (pixels.length / 3)
        })
      const centres = classes.map((_, label) => {
        const means = train.filter((row) => row.label === label).map(({ pixels }) => meanOf(pixels))
        return [0, 1, 2].map((channel) => means.reduce((sum, mean) => sum + (mean[channel] ?? 0), 0) / means.length)
      })
      const nearest = (mean: ReadonlyArray<number>) => {
        const apart = centres.map((centre) =>
          centre.reduce((sum, value, at) => sum + (value - (mean[at] ?? 0)) ** 2, 0)
        )
        return apart.indexOf(Math.min(...apart))
      }
      const right = test.filter(({ pixels, label }) => nearest(meanOf(pixels)) === label).length / test.length
      expect(right).toBeGreaterThan(0.15)
      expect(right).toBeLessThan(0.5)
    })
  )

  it("is another with another seed, and the same again with the same", () => {
    const draw = (seed: number) => Digest.ofBytes(SampleImages.archive({ seed, train: 10, test: 10 }))
    expect(draw(2)).toBe(draw(2))
    expect(draw(3)).not.toBe(draw(2))
  })
})
