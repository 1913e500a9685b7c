import { crc32 } from "node:zlib"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import sharp from "sharp"
import * as DatasetReader from "../../../images/services/DatasetReader.ts"
import * as DatasetSurvey from "../../../images/services/DatasetSurvey.ts"
import { extras, type ImageExtras } from "../../../images/services/ImageExtras.ts"
import * as ImageFrames from "../../../images/services/ImageFrames.ts"
import { Images } from "../../../images/services/Images.ts"
import { splitNames } from "../../../images/services/SplitNames.ts"
import { digests, files, onDisk, picture } from "../../rig/archives.ts"
import { followedBy, tiff } from "../../rig/tiff.ts"

const layer = Layer.merge(Images.live, digests)

/** So many frames of 8x8, each of its own shade. */
const frames = (count: number) => {
  const shades = Buffer.from(Array.from({ length: count * 8 * 8 * 3 }, (_, at) => 40 * Math.floor(at / 192)))
  return sharp(shades, { raw: { width: 8, height: 8 * count, channels: 3, pageHeight: 8 } })
}

/** A PNG that says to be an animation of so many frames. */
const animatedPng = (png: Buffer, count: number): Buffer => {
  const body = Buffer.concat([Buffer.from("acTL", "latin1"), Buffer.alloc(8)])
  body.writeUInt32BE(count, 4)
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(8)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([png.subarray(0, 33), length, body, check, png.subarray(33)])
}

const grey = (more: Readonly<Record<number, number>> = {}) =>
  tiff(Buffer.from([10, 20, 30, 40]), { width: 4, bits: 8, more })

/** Files of one picture and of several, by what they are called. */
const made = async () => {
  const png = await picture("x.png")
  const [gif1, gif2, webp1, webp2] = await Promise.all([
    frames(1).gif().toBuffer(),
    frames(3).gif().toBuffer(),
    frames(1).webp({ lossless: true }).toBuffer(),
    frames(2).webp({ lossless: true }).toBuffer()
  ])
  const one = {
    "1.gif": gif1,
    "1.webp": webp1,
    "1.png": png,
    "still.png": animatedPng(png, 1),
    "1.jpg": await picture("x.jpg"),
    "1.avif": await frames(1).avif().toBuffer(),
    "1.tif": grey(),
    // a smaller version, a mask, and an older way to say the former
    "small.tif": followedBy(grey(), grey({ 254: 1 })),
    "mask.tif": followedBy(grey(), grey({ 254: 4 })),
    "old.tif": followedBy(grey(), grey({ 255: 2 }))
  }
  const several = {
    "2.gif": gif2,
    "2.webp": webp2,
    "2.png": animatedPng(png, 2),
    "2.tif": followedBy(grey(), grey()),
    "3.tif": followedBy(grey(), grey({ 254: 1 }), grey())
  }
  return { one, several }
}

describe("images of several frames or pages", () => {
  it.effect("are told from those of one by what the file says, and the first is what is decoded", () =>
    Effect.gen(function* () {
      const { one, several } = yield* Effect.promise(made)
      for (const [name, bytes] of Object.entries(one)) expect(ImageFrames.hasSeveral(bytes), name).toBe(false)
      for (const [name, bytes] of Object.entries(several)) expect(ImageFrames.hasSeveral(bytes), name).toBe(true)
      const [gif] = yield* Effect.flatMap(Images, (images) =>
        images.decode([{ file: "x", bytes: several["2.gif"] }], null)
      )
      expect([gif?.width, gif?.height, gif?.data.every((shade) => shade === 0)]).toEqual([8, 8, true])
    }).pipe(Effect.provide(Images.live))
  )

  it("a sequence of AVIF images is known by its brand", () => {
    const bytes = Buffer.alloc(64)
    bytes.write("ftypavis", 4, "latin1")
    expect(ImageFrames.hasSeveral(bytes)).toBe(true)
  })

  it("lengths that lead nowhere end the search", () => {
    for (const start of ["GIF89a", "\x89PNG\r\n\x1a\n", "RIFF\0\0\0\0WEBP", "II*\0\x08\0\0\0"]) {
      for (const filling of [0, 0x21, 0x2c, 0xff]) {
        const bytes = Buffer.alloc(4096, filling)
        bytes.write(start, "latin1")
        expect([true, false]).toContain(ImageFrames.hasSeveral(bytes))
      }
    }
    // a page that is followed by itself
    const round = followedBy(grey(), grey({ 254: 1 }))
    const second = grey().length
    round.writeUInt32LE(second, second + 2 + 12 * round.readUInt16LE(second))
    expect(ImageFrames.hasSeveral(round)).toBe(false)
  })
})

const textsOf = (found: ImageExtras) => extras.map((kind) => found.textOf(kind))

/** What ingest and explore tell of the images that they read. */
const told = (at: string) =>
  Effect.gen(function* () {
    const source = yield* files(at)
    const options = { testFraction: 0.2, splits: { _tag: "ByName" } } as const
    const read = yield* DatasetReader.open(source, { ...options, imageSize: 8 })
    expect(textsOf(read.extras)).toEqual([null, null])
    for (const name of splitNames) yield* Stream.runDrain(read[name])
    // one that is read again counts once
    yield* Stream.runDrain(read.train)
    const survey = yield* DatasetSurvey.open(source, options)
    for (const name of splitNames) yield* Stream.runDrain(survey.splits[name].images)
    expect(textsOf(survey.extras)).toEqual(textsOf(read.extras))
    return textsOf(read.extras)
  }).pipe(Effect.provide(layer))

describe("what images are made without", () => {
  it.effect("is counted while they are read, by ingest and explore alike", () =>
    Effect.gen(function* () {
      const { one, several } = yield* Effect.promise(made)
      const infrared = (extra: number) =>
        tiff(Buffer.from([10, 20, 30, 0, 40, 50, 60, 255]), { width: 2, bits: 8, samples: 4, extra: [extra] })
      const images = {
        ...Object.fromEntries(Object.entries(one).map(([name, bytes]) => [`cat/${name}`, bytes])),
        ...Object.fromEntries(Object.entries(several).map(([name, bytes]) => [`dog/${name}`, bytes])),
        "dog/nir.tif": infrared(0),
        "dog/alpha.tif": infrared(2)
      }
      const packed = Object.entries(images).map(([path, bytes]) => ({ path, bytes }))
      expect(yield* told(onDisk("pets", packed))).toEqual([
        "5 images have several frames or pages (such as dog/2.gif): the first is used.",
        "1 image has bands beside red, green and blue that are no transparency (dog/nir.tif): they are left out."
      ])
      const plain = packed
        .filter(({ path }) => path.startsWith("cat/"))
        .map((one) => ({ ...one, path: `b${one.path}` }))
      const usual = packed.filter(({ path }) => path.startsWith("cat/"))
      expect(yield* told(onDisk("pets", [...usual, ...plain]))).toEqual([null, null])
    })
  )
})
