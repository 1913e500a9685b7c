import { describe, expect, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import sharp from "sharp"
import { Images } from "../../../images/services/Images.ts"
import { type TiffOf, tiff } from "../../rig/tiff.ts"

const decode = (bytes: Uint8Array, size: number | null = null) =>
  Effect.gen(function* () {
    const [image] = yield* (yield* Images).decode([{ file: "cat/1", bytes }], size)
    return [...(image?.data ?? [])]
  }).pipe(Effect.provide(Images.live))

const refusal = (bytes: Uint8Array) =>
  Effect.map(Effect.either(decode(bytes)), (result) =>
    Either.isLeft(result) ? result.left.message : `not refused: ${result.right.slice(0, 12).join(" ")}`
  )

const grey = (...shades: ReadonlyArray<number>) => shades.flatMap((shade) => [shade, shade, shade])

const floats = (...values: ReadonlyArray<number>): Buffer => Buffer.from(Float32Array.from(values).buffer)
const words = (...values: ReadonlyArray<number>): Buffer => Buffer.from(Uint16Array.from(values).buffer)
const longs = (...values: ReadonlyArray<number>): Buffer => Buffer.from(Uint32Array.from(values).buffer)

const float = { bits: 32, format: 3 }

describe("a TIFF's samples are scaled by what it says of them", () => {
  it.effect("floats from 0 to 1 are shades of grey and of colours, not black", () =>
    Effect.gen(function* () {
      expect(yield* decode(tiff(floats(0, 51 / 255, 0.5, 1), { width: 4, ...float }))).toEqual(grey(0, 51, 128, 255))
      const colours = floats(0, 1, 102 / 255, 1, 0, 204 / 255)
      const found = yield* decode(tiff(colours, { width: 2, samples: 3, ...float }))
      expect(found).toEqual([0, 255, 102, 255, 0, 204])
      // 0, 0.5, 1 and 0.25 as half floats
      const halves = words(0, 0x3800, 0x3c00, 0x3400)
      expect(yield* decode(tiff(halves, { width: 4, bits: 16, format: 3 }))).toEqual(grey(0, 128, 255, 64))
    })
  )

  it.effect("whole floats up to 255 are 8-bit shades", () =>
    Effect.gen(function* () {
      expect(yield* decode(tiff(floats(0, 7, 255), { width: 3, ...float }))).toEqual(grey(0, 7, 255))
    })
  )

  it.effect("floats that could be on either scale, or on none, are refused with their range and the remedy", () =>
    Effect.gen(function* () {
      const of = (...values: ReadonlyArray<number>) =>
        refusal(tiff(floats(...values), { width: values.length, ...float }))
      expect(yield* of(0, 1)).toMatch(
        /floating-point samples from 0 to 1, all whole, of which nobody says what is white/
      )
      expect(yield* of(0, 12.5)).toMatch(
        /samples from 0 to 12\.5, .*; expected ones from 0 to 1, .*gdal_translate .*-scale/
      )
      expect(yield* of(-0.5, 0.5)).toMatch(/samples from -0\.5 to 0\.5/)
      expect(yield* of(0, 300)).toMatch(/samples from 0 to 300/)
      expect(yield* of(0, Number.NaN)).toMatch(/samples that are no numbers/)
    })
  )

  it.effect(
    "32-bit unsigned samples are on the scale of their bits; counts among them are refused, not made black",
    () =>
      Effect.gen(function* () {
        expect(yield* decode(tiff(longs(0, 0x80_00_00_00, 0xff_ff_ff_ff), { width: 3, bits: 32 }))).toEqual(
          grey(0, 128, 255)
        )
        expect(yield* refusal(tiff(longs(0, 3, 70_000), { width: 3, bits: 32 }))).toMatch(
          /would be all black: its samples of 32 bits go up to 70000 of 4294967295/
        )
      })
  )

  it.effect("black of 16 bits that has an alpha beside it is black", () =>
    Effect.gen(function* () {
      const clear = { width: 1, samples: 4, bits: 16, photometric: 2, extra: [2] }
      expect(yield* decode(tiff(words(0, 0, 0, 0xff_ff), clear))).toEqual([0, 0, 0])
    })
  )

  it.effect("a lossless JPEG, which no decoder here takes, is refused as what it is", () =>
    Effect.gen(function* () {
      const bytes = yield* Effect.promise(() =>
        sharp({ create: { width: 8, height: 8, channels: 3, background: "#808080" } })
          .jpeg()
          .toBuffer()
      )
      const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]))
      bytes[frame + 1] = 0xc3
      expect(yield* refusal(bytes)).toMatch(/is a lossless JPEG, which is not read here; .*Convert it to PNG/)
    })
  )

  it.effect("16-bit samples give their upper 8; 8-bit shades in 16 bits are refused, not made black", () =>
    Effect.gen(function* () {
      expect(yield* decode(tiff(words(0, 0x80_00, 0xff_ff), { width: 3, bits: 16 }))).toEqual(grey(0, 128, 255))
      expect(yield* decode(tiff(words(0, 0), { width: 2, bits: 16 }))).toEqual(grey(0, 0))
      expect(yield* refusal(tiff(words(0, 234), { width: 2, bits: 16 }))).toMatch(/go up to 234 of 65535/)
      const png = sharp(Uint16Array.of(1, 2, 3), { raw: { width: 1, height: 1, channels: 3 } })
        .toColourspace("rgb16")
        .png()
      expect(yield* refusal(yield* Effect.promise(() => png.toBuffer()))).toMatch(/go up to 3 of 65535/)
    })
  )

  it.effect("signed samples, and those of other sizes, are refused by what they are, and never called damaged", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [Buffer, TiffOf, RegExp]> = [
        [Buffer.alloc(2, 9), { width: 2, bits: 8, format: 2 }, /has signed samples of 8 bits/],
        [words(1, 2), { width: 2, bits: 16, format: 2 }, /has signed samples of 16 bits, of which nobody says/],
        [longs(1, 2), { width: 2, bits: 32, format: 2 }, /has signed samples of 32 bits/],
        [Buffer.alloc(16), { width: 2, bits: 64, format: 3 }, /has floating-point samples of 64 bits/],
        [Buffer.alloc(3), { width: 2, bits: 12 }, /has samples of 12 bits, which are not read here/]
      ]
      for (const [pixels, of, words] of cases) {
        const message = yield* refusal(tiff(pixels, of))
        expect(message).toMatch(words)
        expect(message).toMatch(/gdal_translate -ot Byte -scale LOW HIGH 0 255/)
        expect(message).not.toContain("damaged")
      }
    })
  )
})

describe("a TIFF's bands are what it says that they are", () => {
  const pixels = Buffer.from([10, 20, 30, 0, 40, 50, 60, 255])
  const four = { width: 2, bits: 8, samples: 4 }

  it.effect(
    "a fourth band is alpha only if the file says so; near infrared beside RGB is left out, and explore says so",
    () =>
      Effect.gen(function* () {
        for (const extra of [[0], []]) {
          expect(yield* decode(tiff(pixels, { ...four, extra }))).toEqual([10, 20, 30, 40, 50, 60])
        }
        expect(yield* decode(tiff(pixels, { ...four, extra: [2] }))).toEqual([255, 255, 255, 40, 50, 60])
        const [said] = yield* Effect.flatMap(Images, (images) =>
          images.colours([tiff(pixels, { ...four, extra: [0] })])
        )
        expect(said).toBe("bands beside red, green and blue")
      }).pipe(Effect.provide(Images.live))
  )

  it.effect("stretching blends nothing with a fourth band either", () =>
    Effect.gen(function* () {
      const plain = yield* decode(tiff(Buffer.from([10, 20, 30, 10, 20, 30]), { width: 2, bits: 8, samples: 3 }), 4)
      const infrared = Buffer.from([10, 20, 30, 0, 10, 20, 30, 255])
      expect(yield* decode(tiff(infrared, { ...four, extra: [0] }), 4)).toEqual(plain)
    })
  )

  it.effect("2, 5 and 13 bands of which none is said to be a colour are refused, with how to choose some", () =>
    Effect.gen(function* () {
      for (const samples of [2, 5, 13]) {
        const of = { width: 2, bits: 8, samples, photometric: 1, extra: Array.from({ length: samples - 1 }, () => 0) }
        expect(yield* refusal(tiff(Buffer.alloc(2 * samples, 9), of))).toMatch(
          new RegExp(
            `has ${samples} bands, and does not say which are red, green and blue; .*gdal_translate -b 1 -b 2 -b 3`
          )
        )
      }
    })
  )

  it.effect("packings, colours and raw files that are not read are named", () =>
    Effect.gen(function* () {
      const grey = { width: 2, bits: 8 }
      const bytes = Buffer.alloc(2, 9)
      expect(yield* refusal(tiff(bytes, { ...grey, compression: 50000 }))).toMatch(
        /is a TIFF packed by Zstandard.*tiffcp/
      )
      expect(yield* refusal(tiff(bytes, { ...grey, photometric: 8 }))).toMatch(
        /holds CIELab colours; expected a TIFF of/
      )
      const dng = { ...grey, more: { 50706: 1 } }
      expect(yield* refusal(tiff(bytes, dng))).toMatch(/is a camera raw file, which is not read here; .*darktable-cli/)
      const preview = { ...grey, more: { 254: 1, 330: 8 } }
      expect(yield* refusal(tiff(bytes, preview))).toMatch(/is a camera raw file/)
    })
  )
})

/** A first box of ISO's base media format. */
const ftyp = (...brands: ReadonlyArray<string>): Buffer => {
  const [major = "", ...others] = brands
  const body = Buffer.from(`ftyp${major}\0\0\0\0${others.join("")}`, "latin1")
  const length = Buffer.alloc(4)
  length.writeUInt32BE(4 + body.length)
  return Buffer.concat([length, body, Buffer.alloc(200)])
}

describe("a good file is never called damaged", () => {
  it.effect("what is not read here is named by its first bytes, with how to convert it", () =>
    Effect.gen(function* () {
      const bmp = Buffer.alloc(60)
      bmp.write("BM", "latin1")
      bmp.writeUInt32LE(40, 14)
      const from = (text: string) => Buffer.concat([Buffer.from(text, "latin1"), Buffer.alloc(200)])
      const dicom = Buffer.alloc(200)
      dicom.write("DICM", 128, "latin1")
      // 4 by 3 pixels of 24 bits, as they were written before there was a footer, packed, and with one
      const tga = (kind: number, length: number, end = "") => {
        const bytes = Buffer.alloc(length)
        bytes.set([0, 0, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 3, 0, 24, 0])
        bytes.write(end, length - end.length, "latin1")
        return bytes
      }
      const kinds: ReadonlyArray<readonly [Buffer, RegExp]> = [
        [tga(2, 18 + 36), /is a TGA image, .*magick/],
        [tga(10, 40), /is a TGA image/],
        [tga(0, 60, "TRUEVISION-XFILE.\0"), /is a TGA image/],
        [bmp, /is a BMP image, .*magick/],
        [ftyp("heic", "mif1"), /is a HEIC photo, .*heif-convert/],
        [ftyp("mif1", "heic"), /is a HEIC photo/],
        [ftyp("crx ", "crx "), /is a camera raw file/],
        [ftyp("isom", "mp41"), /is a video, .*ffmpeg/],
        [from("\0\0\0\x0cjP  \r\n"), /is a JPEG 2000 image/],
        [from("\xff\x0a"), /is a JPEG XL image/],
        [from("8BPS"), /is a Photoshop document/],
        [from("\0\0\x01\0\x01\0"), /is a Windows icon/],
        [from("P6\n2 2\n"), /is a PPM, PGM or PBM image/],
        [from("II*\0\x10\0\0\0CR\x02\0"), /is a camera raw file/],
        [from("FUJIFILMCCD-RAW "), /is a camera raw file/],
        [from("\x93NUMPY"), /is a NumPy array/],
        [dicom, /is a DICOM image/]
      ]
      for (const [bytes, words] of kinds) {
        const message = yield* refusal(bytes)
        expect(message).toMatch(words)
        expect(message).toMatch(/, which is not read here; expected a JPEG, PNG, WebP, GIF, TIFF or AVIF file\. /)
      }
      // one pixel short of what its header says
      expect(yield* refusal(tga(2, 18 + 35))).toMatch(/is not an image/)
    })
  )

  it.effect("an AVIF is no HEIC, and one that fails is not said to be damaged, since a decoder may lack a part", () =>
    Effect.gen(function* () {
      const image = sharp({ create: { width: 16, height: 16, channels: 3, background: "#c86432" } })
      const avif = yield* Effect.promise(() => image.avif().toBuffer())
      expect(yield* decode(avif)).toHaveLength(3 * 16 * 16)
      const message = yield* refusal(avif.subarray(0, avif.length - 8))
      expect(message).toMatch(/^cat\/1 cannot be decoded \(.*\); .*If another program opens it, convert it to PNG/)
    })
  )

  it.effect(
    "a JPEG of 12 bits is named; one whose coded data make no sense is damaged, with bytes after its end good",
    () =>
      Effect.gen(function* () {
        const noise = Buffer.from(Array.from({ length: 24 * 24 * 3 }, (_, index) => (index * 7919) % 251))
        const image = sharp(noise, { raw: { width: 24, height: 24, channels: 3 } })
        const good = yield* Effect.promise(() => image.jpeg({ quality: 95 }).toBuffer())
        const frame = good.indexOf(Buffer.from([0xff, 0xc0]))
        const twelve = Buffer.from(good)
        twelve[frame + 4] = 12
        expect(yield* refusal(twelve)).toMatch(/is a JPEG of 12 bits, which is not read here/)
        const corrupt = Buffer.from(good)
        const data = good.indexOf(Buffer.from([0xff, 0xda])) + 60
        // ones, of which no code is made; each byte of ones is followed by a zero, or it would be a marker
        corrupt.fill(Buffer.from([0xff, 0]), data, data + 40)
        expect(yield* refusal(corrupt)).toMatch(/is damaged \(VipsJpeg: Corrupt JPEG data/)
        expect(yield* decode(Buffer.concat([good, Buffer.from("after its end")]))).toEqual(yield* decode(good))
      })
  )

  it.effect("a profile for other colours than the file's says nothing of them", () =>
    Effect.gen(function* () {
      const image = sharp({ create: { width: 8, height: 8, channels: 3, background: "#c86432" } })
      const plain = yield* Effect.promise(() => image.clone().jpeg().toBuffer())
      const withSrgb = yield* Effect.promise(() => image.clone().withIccProfile("srgb").jpeg().toBuffer())
      const mark = withSrgb.indexOf("ICC_PROFILE\0", 0, "latin1")
      const lab = Buffer.from(withSrgb)
      lab.write("Lab ", mark + 14 + 16, "latin1")
      expect(mark).toBeGreaterThan(0)
      expect(yield* decode(lab)).toEqual(yield* decode(plain))
    })
  )
})
