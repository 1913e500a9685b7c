import fs from "node:fs"
import path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import sharp from "sharp"
import * as DatasetReader from "../../../images/services/DatasetReader.ts"
import { Images } from "../../../images/services/Images.ts"
import * as PhotoReader from "../../../images/services/PhotoReader.ts"
import { digests, files, picture } from "../../rig/archives.ts"
import { folder } from "../../rig/folder.ts"

const layer = Layer.merge(Images.live, digests)

/** Writes pictures below a new folder, the n-th with red = 20 n, and gives the folder. */
const written = (names: ReadonlyArray<string>, width = 8, height = 8) =>
  Effect.promise(async () => {
    const at = folder("headrace-photos")
    for (const [index, name] of names.entries()) {
      fs.mkdirSync(path.dirname(path.join(at, name)), { recursive: true })
      fs.writeFileSync(path.join(at, name), await picture(name, width, height, { r: 20 * index, g: 9, b: 9 }))
    }
    return at
  })

const read = (given: ReadonlyArray<string>, size: PhotoReader.Size | null) =>
  Effect.gen(function* () {
    const found = yield* PhotoReader.open(yield* Effect.forEach(given, files), size)
    const batches = [...(yield* Stream.runCollect(found.images))]
    return {
      places: found.places.map((place) => [place.given, place.file]),
      notices: found.notices,
      shapes: batches.map(({ columns: { image } }) => image.shape),
      labels: batches.flatMap(({ columns: { label } }) => [...label]),
      reds: batches.flatMap(({ rows, columns: { image } }) =>
        Array.from({ length: rows }, (_, row) => image.data[(row * image.data.length) / rows])
      ),
      data: Buffer.concat(batches.map(({ columns: { image } }) => image.data))
    }
  }).pipe(Effect.provide(layer))

describe("photos", () => {
  it.effect("come in the order in which they are given, those of a folder by their paths, without a class", () =>
    Effect.gen(function* () {
      const at = yield* written(["b.png", "more/a.png", "a.png", "more/deep/c.png"])
      fs.writeFileSync(path.join(at, "notes.csv"), "a,b\n")
      const one = path.join(at, "more/deep/c.png")
      const found = yield* read([one, at, path.join(at, "b.png")], { height: 8, width: 8 })
      expect(found.places).toEqual([
        [0, ""],
        [1, "a.png"],
        [1, "b.png"],
        [1, "more/a.png"],
        [1, "more/deep/c.png"],
        [2, ""]
      ])
      expect(found.reds).toEqual([60, 40, 0, 20, 60, 0])
      expect(found.labels).toEqual([-1, -1, -1, -1, -1, -1])
      expect(found.notices).toEqual(["1 file is passed over (notes.csv)."])
    })
  )

  it.effect("of the size of the images that were trained on are these images, bit for bit", () =>
    Effect.gen(function* () {
      const at = folder("headrace-photos")
      const noise = Buffer.from(Array.from({ length: 32 * 32 * 3 }, (_, index) => (index * 7919) % 251))
      const image = sharp(noise, { raw: { width: 32, height: 32, channels: 3 } })
      for (const name of ["x.jpg", "x.png"])
        for (const at2 of [`train/a/${name}`, `train/b/${name}`, `test/a/${name}`]) {
          const file = path.join(at, at2)
          fs.mkdirSync(path.dirname(file), { recursive: true })
          yield* Effect.promise(() => image.clone().toFile(file))
        }
      const options = { imageSize: null, testFraction: 0.2, splits: { _tag: "ByName" } as const }
      const tested = yield* Effect.flatMap(
        Effect.flatMap(files(at), (one) => DatasetReader.open(one, options)),
        (set) => Stream.runCollect(set.test)
      ).pipe(Effect.provide(layer))
      const trained = Buffer.concat([...tested].map(({ columns }) => columns.image.data))
      const found = yield* read([path.join(at, "test/a")], { height: 32, width: 32 })
      expect(found.data.equals(trained)).toBe(true)
    })
  )

  it.effect("are stretched to the size of the images that were trained on, be that a square or not", () =>
    Effect.gen(function* () {
      const at = yield* written(["a.png", "b.jpg"], 40, 30)
      for (const [height, width] of [
        [16, 16],
        [12, 20]
      ] as const)
        expect((yield* read([at], { height, width })).shapes).toEqual([[height, width, 3]])
      expect((yield* read([at], null)).shapes).toEqual([[30, 40, 3]])
    })
  )

  it.effect("that are none are told of by their files, with what to do", () =>
    Effect.gen(function* () {
      const at = yield* written(["a.png"])
      const text = path.join(at, "b.png")
      fs.writeFileSync(text, "no picture")
      const refused = yield* Effect.flip(read([at], null))
      expect(refused).toMatchObject({ _tag: "ImageRefused", file: text, what: "is not an image" })
      expect(refused.message).toContain("Leave it out, or convert it.")
      const empty = folder("headrace-photos")
      fs.writeFileSync(path.join(empty, "labels.csv"), "a,b\n")
      const none = yield* Effect.flip(read([empty], null))
      expect(none.message).toBe(
        `${empty} holds no photos, but 1 other file (1 .csv); expected photos in it, at any depth. Give photos, or a folder that holds some.`
      )
      expect(yield* Effect.flip(read([], null))).toMatchObject({ _tag: "NoPhotos", what: "No photos are given" })
    })
  )
})
