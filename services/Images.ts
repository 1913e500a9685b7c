import { Context, Effect, Layer, Schema } from "effect"
import type { Sharp } from "sharp"
import * as ImageHeader from "./ImageHeader.ts"
import { reason } from "./SourceError.ts"

/** A picture as uint8 [height, width, 3], RGB. */
export interface Decoded {
  readonly height: number
  readonly width: number
  readonly data: Uint8Array
}

/** A file among images that cannot be used as one. */
export class ImageRefused extends Schema.TaggedError<ImageRefused>()("ImageRefused", {
  file: Schema.String,
  what: Schema.String,
  expected: Schema.String,
  fix: Schema.String
}) {
  override get message() {
    return `${this.file} ${this.what}; expected ${this.expected}. ${this.fix}`
  }
}

/** 100 megapixels: 300 MB as RGB. The header is believed, so that nothing larger is ever decoded. */
const mostPixels = 100_000_000

/** An image file as it lies in a dataset; `file` is what messages call it. */
export interface Encoded {
  readonly file: string
  readonly bytes: Uint8Array
}

/**
 * Decodes image files, with sharp: turned upright as EXIF says, converted to 8-bit sRGB (grey becomes three equal
 * channels), transparency blended onto white, of an animation the first frame. JPEG, PNG, WebP, GIF, TIFF and AVIF;
 * not SVG, which could read other files.
 */
export class Images extends Context.Tag("headrace/ImagesDecoder")<
  Images,
  {
    /**
     * One after the other, so that a caller decides how many are in memory. With `size`, each is stretched to a square of
     * that many pixels (Lanczos), as Keras' folder reader does.
     */
    readonly decode: (
      images: ReadonlyArray<Encoded>,
      size: number | null
    ) => Effect.Effect<ReadonlyArray<Decoded>, ImageRefused>
    /** Pixels that each has by its header, undecoded; 0 for what is no image. */
    readonly pixels: (images: ReadonlyArray<Uint8Array>) => Effect.Effect<ReadonlyArray<number>>
    /** What each holds other than 8-bit RGB, such as "grey"; empty for nothing, and for what is no image. */
    readonly colours: (images: ReadonlyArray<Uint8Array>) => Effect.Effect<ReadonlyArray<string>>
    readonly resize: (images: ReadonlyArray<Decoded>, size: number) => Effect.Effect<ReadonlyArray<Decoded>>
    /** Each as a PNG for people: reduced, with its proportions, to `most` pixels a side where it is larger. */
    readonly png: (images: ReadonlyArray<Decoded>, most: number) => Effect.Effect<ReadonlyArray<Uint8Array>>
    /** How many calls are worth making at a time. */
    readonly parallel: number
  }
>() {
  static readonly live: Layer.Layer<Images> = Layer.effect(
    Images,
    Effect.gen(function* () {
      const sharp = yield* Effect.cached(Effect.promise(load))
      return {
        parallel: 4,
        decode: (images, size) => Effect.flatMap(sharp, (make) => decode(make, images, size)),
        pixels: (images) =>
          Effect.flatMap(sharp, (make) =>
            Effect.promise((signal) =>
              eachInTurn(images, signal, async (bytes) => {
                const pixels = ImageHeader.pixels(bytes)
                if (pixels !== null) return pixels
                const [width, height] = await sizeOf(make, bytes)
                return width * height
              })
            )
          ),
        colours: (images) =>
          Effect.flatMap(sharp, (make) =>
            Effect.promise((signal) =>
              eachInTurn(images, signal, async (bytes) => ImageHeader.colours(bytes) ?? (await coloursOf(make, bytes)))
            )
          ),
        resize: (images, size) =>
          Effect.flatMap(sharp, (make) =>
            // raw pixels of a known size have nothing to be refused for
            Effect.promise((signal) => eachInTurn(images, signal, (image) => rgb(ofPixels(make, image), size)))
          ),
        png: (images, most) =>
          Effect.flatMap(sharp, (make) =>
            Effect.promise((signal) =>
              eachInTurn(images, signal, (image) =>
                ofPixels(make, image)
                  .resize(most, most, { fit: "inside", withoutEnlargement: true })
                  .png({ compressionLevel: 9 })
                  .toBuffer()
              )
            )
          )
      }
    })
  )
}

/** A loop in a promise: an Effect an image would cost more than a small image does. */
const eachInTurn = async <A, B>(items: ReadonlyArray<A>, signal: AbortSignal, run: (item: A) => Promise<B>) => {
  const done: Array<B> = []
  for (const item of items) {
    if (signal.aborted) break
    done.push(await run(item))
  }
  return done
}

const decode = (make: Make, images: ReadonlyArray<Encoded>, size: number | null) =>
  Effect.suspend(() => {
    let current: Encoded | undefined
    return Effect.tryPromise({
      try: (signal) =>
        eachInTurn(images, signal, (image) => {
          current = image
          // a decoder that finds more than the header says stops
          const limitInputPixels = Math.min(ImageHeader.pixels(image.bytes) || mostPixels, mostPixels)
          const options = { limitInputPixels, failOn: "error", sequentialRead: true } as const
          return rgb(make(image.bytes, options).autoOrient(), size)
        }),
      catch: reason
    }).pipe(
      Effect.catchAll((what) => {
        const { file, bytes } = current ?? { file: "an image", bytes: new Uint8Array() }
        return Effect.flatMap(
          Effect.promise(() => sizeOf(make, bytes)),
          (size) => refusal(file, what, size)
        )
      })
    )
  })

const loaders = ["Jpeg", "Png", "Webp", "Nsgif", "Tiff", "Heif"].map((format) => `VipsForeignLoad${format}Buffer`)

const load = async () => {
  const { default: sharp } = await import("sharp")
  sharp.cache(false)
  // parallel over images, not within one
  sharp.concurrency(1)
  sharp.block({ operation: ["VipsForeignLoad"] })
  sharp.unblock({ operation: loaders })
  return sharp
}
type Make = Awaited<ReturnType<typeof load>>

const ofPixels = (make: Make, { width, height, data }: Decoded): Sharp =>
  make(data, { raw: { width, height, channels: 3 } })

const rgb = async (image: Sharp, size: number | null): Promise<Decoded> => {
  const sized = size === null ? image : image.resize(size, size, { fit: "fill" })
  const { data, info } = await sized
    .flatten({ background: "#ffffff" })
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true })
  return { height: info.height, width: info.width, data }
}

type Size = readonly [width: number, height: number]

/** 0x0 for what is no image. */
const sizeOf = async (make: Make, bytes: Uint8Array): Promise<Size> => {
  try {
    const { width, height } = await make(bytes, { limitInputPixels: false }).metadata()
    return [width, height]
  } catch {
    return [0, 0]
  }
}

const coloursOf = async (make: Make, bytes: Uint8Array): Promise<string> => {
  try {
    const { space, depth, hasAlpha } = await make(bytes, { limitInputPixels: false }).metadata()
    const grey = space === "b-w" || space === "grey16"
    if (grey || hasAlpha) return [grey ? "grey" : "", hasAlpha ? "with transparency" : ""].join(" ").trim()
    return space === "cmyk" ? "CMYK" : depth === "uchar" ? "" : "more than 8 bits a channel"
  } catch {
    return ""
  }
}

const refusal = (file: string, what: string, [width, height]: Size): ImageRefused => {
  const [firstLine = ""] = what.split("\n")
  if (/pixel limit/i.test(what) && width * height > mostPixels) {
    return new ImageRefused({
      file,
      what: `has ${width}x${height} pixels`,
      expected: "at most 100 megapixels",
      fix: "Make it smaller, or remove it."
    })
  }
  if (/unsupported image format|is empty/i.test(what)) {
    return new ImageRefused({
      file,
      what: "is not an image",
      expected: "a JPEG, PNG, WebP, GIF, TIFF or AVIF file",
      fix: "Remove it from the class folder, or convert it."
    })
  }
  return new ImageRefused({
    file,
    what: `is damaged (${firstLine})`,
    expected: "a complete image",
    fix: "Replace it with a good copy, or remove it."
  })
}
