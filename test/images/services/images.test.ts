import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import sharp, { type Sharp } from "sharp"
import { Images } from "../../../images/services/Images.ts"
import { hugePng, picture } from "../../rig/archives.ts"

const decode = (bytes: Uint8Array, size: number | null = null) =>
  Effect.gen(function* () {
    const images = yield* Images
    const [image] = yield* images.decode([{ file: "cat/1.jpg", bytes }], size)
    return image ?? { width: 0, height: 0, data: new Uint8Array() }
  }).pipe(Effect.provide(Images.live))

const raw = (values: ReadonlyArray<number>, channels: 1 | 3 | 4) =>
  sharp(Buffer.from(values), { raw: { width: values.length / channels, height: 1, channels } })

const pixels = (bytes: Promise<Uint8Array>) =>
  Effect.gen(function* () {
    return [...(yield* decode(yield* Effect.promise(() => bytes))).data]
  })

/** A chunk of a PNG, with its length, name and checksum. */
const chunkOf = (png: Buffer, name: string): Buffer => {
  const at = png.indexOf(name, 0, "latin1") - 4
  return png.subarray(at, at + 12 + png.readUInt32BE(at))
}
/** The PNG with a chunk behind its header. */
const withChunk = (png: Buffer, chunk: Buffer): Buffer => Buffer.concat([png.subarray(0, 33), chunk, png.subarray(33)])

describe("decoding images", () => {
  it.effect("an RGB PNG comes out as it went in", () =>
    Effect.gen(function* () {
      expect(yield* pixels(raw([1, 2, 3, 4, 5, 6], 3).png().toBuffer())).toEqual([1, 2, 3, 4, 5, 6])
    })
  )

  it.effect("grey becomes three equal channels", () =>
    Effect.gen(function* () {
      expect(yield* pixels(raw([7, 9], 1).toColourspace("b-w").png().toBuffer())).toEqual([7, 7, 7, 9, 9, 9])
    })
  )

  it.effect("transparency is blended onto white", () =>
    Effect.gen(function* () {
      const values = yield* pixels(raw([10, 20, 30, 0, 10, 20, 30, 255], 4).png().toBuffer())
      expect(values).toEqual([255, 255, 255, 10, 20, 30])
    })
  )

  it.effect("16 bits with a colour profile are the shades that 8 bits with it are", () =>
    Effect.gen(function* () {
      const raw = { width: 1, height: 1, channels: 3 } as const
      for (const profile of ["srgb", "p3"])
        for (const colour of [
          [200, 60, 90],
          [255, 0, 0]
        ]) {
          const made = sharp(Uint8Array.from(colour), { raw }).withIccProfile(profile).png()
          const chunk = chunkOf(yield* Effect.promise(() => made.toBuffer()), "iCCP")
          const shallow = sharp(Uint8Array.from(colour), { raw })
          const deep = sharp(
            Uint16Array.from(colour, (shade) => shade * 257),
            { raw }
          ).toColourspace("rgb16")
          const of = (image: Sharp) =>
            pixels(
              image
                .png()
                .toBuffer()
                .then((png) => withChunk(png, chunk))
            )
          const [found, expected] = [yield* of(deep), yield* of(shallow)]
          const apart = found.map((shade, at) => Math.abs(shade - (expected[at] ?? 0)))
          expect(Math.max(...apart), `${profile} ${colour} became ${found}`).toBeLessThan(2)
        }
    })
  )

  it.effect("16 bits become the upper 8", () =>
    Effect.gen(function* () {
      const deep = sharp(Uint16Array.of(0x8000, 0x4000, 0xffff), { raw: { width: 1, height: 1, channels: 3 } })
      expect(yield* pixels(deep.toColourspace("rgb16").png().toBuffer())).toEqual([128, 64, 255])
    })
  )

  it.effect("a photograph lying on its side is turned upright", () =>
    Effect.gen(function* () {
      const lying = sharp(yield* Effect.promise(() => picture("x.jpg", 40, 20))).withMetadata({ orientation: 6 })
      expect(yield* decode(yield* Effect.promise(() => lying.toBuffer()))).toMatchObject({ width: 20, height: 40 })
    })
  )

  it.effect("an image is stretched to the size asked for", () =>
    Effect.gen(function* () {
      const bytes = yield* Effect.promise(() => picture("x.jpg", 40, 20))
      const { width, height, data } = yield* decode(bytes, 16)
      expect([width, height, data.length]).toEqual([16, 16, 16 * 16 * 3])
    })
  )

  it.effect("JPEG, WebP, GIF, TIFF and AVIF are read", () =>
    Effect.gen(function* () {
      const png = yield* Effect.promise(() => picture("x.png", 32, 16))
      for (const format of ["jpeg", "webp", "gif", "tiff", "avif"] as const) {
        const bytes = yield* Effect.promise(() => sharp(png).toFormat(format).toBuffer())
        expect(yield* decode(bytes)).toMatchObject({ width: 32, height: 16 })
      }
    })
  )

  it.effect(
    "pixels are counted from headers: of every format, progressive or with a profile; nothing is no pixels",
    () =>
      Effect.gen(function* () {
        const { pixels } = yield* Images
        const image = sharp(yield* Effect.promise(() => picture("x.png", 32, 16)))
        const forms = [
          ...(["png", "jpeg", "webp", "gif", "tiff", "avif"] as const).map((format) => image.clone().toFormat(format)),
          image.clone().jpeg({ progressive: true, mozjpeg: true }).withMetadata({ orientation: 6 }),
          image.clone().png({ progressive: true, palette: true })
        ]
        const files = yield* Effect.promise(() => Promise.all(forms.map((form) => form.toBuffer())))
        expect(yield* pixels(files)).toEqual(files.map(() => 512))
        const cut = files[1]?.subarray(0, 30) ?? Buffer.of()
        expect(yield* pixels([Buffer.from("hello"), Buffer.of(), Buffer.of(0xff, 0xd8), cut])).toEqual([0, 0, 0, 0])
      }).pipe(Effect.provide(Images.live))
  )

  it.effect("a JPEG whose second frame header says another size than its first is refused undecoded", () =>
    Effect.gen(function* () {
      const large = yield* Effect.promise(() => picture("x.jpg", 4000, 4000))
      const frame = Buffer.from([0xff, 0xc0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0])
      const error = yield* Effect.flip(decode(Buffer.concat([large.subarray(0, 2), frame, large.subarray(2)])))
      expect(error.message).toMatch(/^cat\/1\.jpg is (damaged|not an image)/)
    })
  )

  it.effect("an image of 900 megapixels is refused by its header, with its size", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(decode(hugePng(30_000, 30_000)))
      expect(error.message).toBe(
        "cat/1.jpg has 30000x30000 pixels; expected at most 100 megapixels. Make it smaller, or remove it."
      )
    })
  )

  it.effect("text and nothing are no images; drawings and web pages are named", () =>
    Effect.gen(function* () {
      const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>'
      const declared = `<?xml version="1.0"?>\n<!-- by hand -->\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x">\n${svg}`
      for (const [text, words] of [
        ["hello", /^cat\/1\.jpg is not an image; expected a JPEG.*\. Remove it/],
        ["<note>svg</note>", /^cat\/1\.jpg is not an image; /],
        ["", /^cat\/1\.jpg is empty; expected a JPEG.*\. Replace it/],
        [svg, /^cat\/1\.jpg is an SVG drawing, which is not read here; expected a JPEG.*rsvg-convert/],
        [declared, /^cat\/1\.jpg is an SVG drawing, /],
        ["\n<!DOCTYPE html><html>404</html>", /^cat\/1\.jpg is a web page, .* Get the image itself again/]
      ] as const) {
        const error = yield* Effect.flip(decode(Buffer.from(text)))
        expect(error.message).toMatch(words)
      }
      // what begins like a document and never ends is looked at no longer for that
      for (const text of ["<!--".repeat(200_000), "<!---->".repeat(100_000)]) {
        expect((yield* Effect.flip(decode(Buffer.from(text)))).message).toContain("is not an image")
      }
    })
  )

  it.effect("a JPEG cut anywhere is refused", () =>
    Effect.gen(function* () {
      const bytes = yield* Effect.promise(() => picture("x.jpg", 64, 64))
      for (const cut of [20, bytes.length >> 1, bytes.length - 2]) {
        const error = yield* Effect.flip(decode(bytes.subarray(0, cut)))
        expect(error.message).toMatch(/is (damaged|not an image)/)
      }
    })
  )

  it.effect("what a file holds other than 8-bit RGB is told, by its header or by a decoder", () =>
    Effect.gen(function* () {
      const images = yield* Images
      const rgb = raw([1, 2, 3], 3)
      const clear = raw([1, 2, 3, 4], 4)
      const grey = raw([7], 1).toColourspace("b-w")
      const deep = sharp(Uint16Array.of(1, 2, 3), { raw: { width: 1, height: 1, channels: 3 } }).toColourspace("rgb16")
      const files = yield* Effect.promise(() =>
        Promise.all([
          rgb.clone().png().toBuffer(),
          rgb.clone().jpeg().toBuffer(),
          rgb.clone().webp().toBuffer(),
          grey.clone().png().toBuffer(),
          grey.clone().jpeg().toBuffer(),
          rgb.clone().toColourspace("cmyk").jpeg().toBuffer(),
          clear.clone().png().toBuffer(),
          clear.clone().webp().toBuffer(),
          deep.png().toBuffer(),
          rgb.clone().png({ palette: true }).toBuffer(),
          Buffer.from("no image")
        ])
      )
      expect(yield* images.colours(files)).toEqual([
        ...["", "", ""],
        ...["grey", "grey"],
        "CMYK",
        ...["with transparency", "with transparency"],
        "16 bits a channel",
        "a palette",
        ""
      ])
    }).pipe(Effect.provide(Images.live))
  )

  it.effect("several are decoded in order, and the failing one is named", () =>
    Effect.gen(function* () {
      const images = yield* Images
      const one = yield* Effect.promise(() => picture("x.png", 1, 1))
      const two = yield* Effect.promise(() => picture("x.png", 2, 1))
      const found = yield* images.decode(
        [
          { file: "1", bytes: one },
          { file: "2", bytes: two }
        ],
        null
      )
      expect(found.map((image) => image.width)).toEqual([1, 2])
      const error = yield* Effect.flip(
        images.decode(
          [
            { file: "1", bytes: one },
            { file: "broken", bytes: Buffer.from("x") },
            { file: "2", bytes: two }
          ],
          null
        )
      )
      expect(error.file).toBe("broken")
    }).pipe(Effect.provide(Images.live))
  )
})
