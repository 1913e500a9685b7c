import { Context, Effect, Layer } from "effect"
import type { Sharp } from "sharp"
import * as ImageFormat from "./ImageFormat.ts"
import * as ImageHeader from "./ImageHeader.ts"
import { ImageRefused, mostPixels, ofDecoder, type Refusal } from "./ImageRefused.ts"
import { reason } from "./SourceError.ts"
import * as TiffHeader from "./TiffHeader.ts"
import * as TiffSamples from "./TiffSamples.ts"

/** A picture as uint8 [height, width, 3], RGB. */
export interface Decoded {
  readonly height: number
  readonly width: number
  readonly data: Uint8Array
}

/** An image file as it lies in a dataset; `file` is what messages call it. */
export interface Encoded {
  readonly file: string
  readonly bytes: Uint8Array
}

/**
 * Decodes image files, with sharp: turned upright as EXIF says, converted to 8-bit sRGB (grey becomes three equal
 * channels), transparency blended onto white where the file says that it has some, of an animation or a file of several
 * pages the first. JPEG, PNG, WebP, GIF, TIFF and AVIF; not SVG, which could read other files. A TIFF's samples are scaled
 * by their format where that is certain (`TiffSamples`); else it is refused, as is a good file of another kind, by name.
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

/** Thrown within a promise where a file is refused before, or after, it was decoded. */
class Refused extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.what)
  }
}

const decode = (make: Make, images: ReadonlyArray<Encoded>, size: number | null) =>
  Effect.suspend(() => {
    let current: Encoded | undefined
    return Effect.tryPromise({
      try: (signal) =>
        eachInTurn(images, signal, (image) => {
          current = image
          return decodeOne(make, image.bytes, size)
        }),
      catch: (error) => (error instanceof Refused ? error.refusal : reason(error))
    }).pipe(
      Effect.catchAll((why) => {
        const { file, bytes } = current ?? { file: "an image", bytes: new Uint8Array() }
        if (typeof why !== "string") return new ImageRefused({ file, ...why })
        return Effect.flatMap(
          Effect.promise(() => sizeOf(make, bytes)),
          (found) => new ImageRefused({ file, ...ofDecoder(why, found, ImageHeader.isWhollyKnown(bytes)) })
        )
      })
    )
  })

const decodeOne = async (make: Make, bytes: Uint8Array, size: number | null): Promise<Decoded> => {
  const refusal = ImageFormat.refusalOf(bytes) ?? ImageHeader.refusalOf(bytes)
  if (refusal !== null) throw new Refused(refusal)
  // a decoder that finds more than the header says stops
  const limitInputPixels = Math.min(ImageHeader.pixels(bytes) || mostPixels, mostPixels)
  const open = (of: Uint8Array, failOn: "error" | "warning" = "error") =>
    make(of, { limitInputPixels, failOn, sequentialRead: true, ignoreIcc: !ImageHeader.profileFits(of) }).autoOrient()
  const tiff = TiffHeader.of(bytes)
  if (tiff === null)
    return checked(bytes, await (ImageHeader.isJpeg(bytes) ? jpeg(open, bytes, size) : rgb(open(bytes), size)), open)
  const reading = TiffSamples.readingOf(tiff)
  if (reading.kind === "refused") throw new Refused(reading.refusal)
  if (reading.kind === "scaled") return scaled(make, open, bytes, tiff, reading, size)
  return checked(
    bytes,
    await (reading.dropsExtra ? withoutExtra(make, open(bytes), size) : rgb(open(bytes), size)),
    open
  )
}

type Open = (bytes: Uint8Array, failOn?: "error" | "warning") => Sharp

/** What a JPEG decoder says of data that it skipped and that changed no pixel, or of a profile. */
const harmless = /extraneous bytes|Adobe color transform|Invalid SOS|profile|JFIF/i

/**
 * A JPEG is refused where its decoder warns that coded data make no sense, though it would fill in grey. It does not warn of
 * every such fault: in long scans some damage still decodes to other pixels, which nobody can tell from a picture.
 */
const jpeg = (open: Open, bytes: Uint8Array, size: number | null): Promise<Decoded> =>
  rgb(open(bytes, "warning"), size).catch((error: unknown) => {
    if (harmless.test(reason(error))) return rgb(open(bytes), size)
    throw error
  })

/** The colours alone of what a decoder takes for colours and alpha: nothing may be blended, nor resized, before. */
const withoutExtra = async (make: Make, image: Sharp, size: number | null): Promise<Decoded> => {
  const plain = image.removeAlpha().toColourspace("srgb").raw({ depth: "uchar" })
  const { data, info } = await plain.toBuffer({ resolveWithObject: true })
  const colours = { width: info.width, height: info.height, data }
  return size === null ? colours : rgb(ofPixels(make, colours), size)
}

/** Sixteen bits that hold eight, say, would all be black: that is no image. */
const checked = async (bytes: Uint8Array, image: Decoded, open: Open): Promise<Decoded> => {
  const greyOrRgb = ImageHeader.sixteenBit(bytes)
  if (greyOrRgb === null || image.data.some((shade) => shade > 0)) return image
  const { data } = await open(bytes)
    .toColourspace(greyOrRgb)
    .raw({ depth: "ushort" })
    .toBuffer({ resolveWithObject: true })
  const refusal = TiffSamples.onlyBlack(new Uint16Array(data.buffer, data.byteOffset, data.length / 2), 16)
  if (refusal !== null) throw new Refused(refusal)
  return image
}

/** What raw samples may take before they are shades: as much as the largest image of shades. */
const mostSampleBytes = 3 * mostPixels

const scaled = async (
  make: Make,
  open: Open,
  bytes: Uint8Array,
  tiff: TiffHeader.TiffHeader,
  { samples, channels }: Extract<TiffSamples.Reading, { readonly kind: "scaled" }>,
  size: number | null
): Promise<Decoded> => {
  const [wide, high] = await sizeOf(make, bytes)
  if (wide * high * channels * 4 > mostSampleBytes) {
    throw new Refused({
      what: `has ${wide}x${high} pixels of ${samples} samples`,
      expected: `at most ${mostSampleBytes} bytes of them`,
      fix: "Make it smaller, or remove it."
    })
  }
  const depth = samples === "uint32" ? "uint" : samples === "float32" ? "float" : "ushort"
  // each in the colour space in which the decoder gives it, so that nothing is converted on the way
  const grey = samples === "float16" ? "grey16" : "b-w"
  const colour = samples === "float16" ? "rgb16" : samples === "uint32" ? "srgb" : "scrgb"
  const { data, info } = await open(samples === "float16" ? TiffSamples.asBits(bytes, tiff) : bytes)
    .toColourspace(channels === 1 ? grey : colour)
    .raw({ depth })
    .toBuffer({ resolveWithObject: true })
  const { buffer, byteOffset, length } = data
  const shades =
    samples === "uint32"
      ? TiffSamples.ofUnsigned(new Uint32Array(buffer, byteOffset, length / 4))
      : TiffSamples.ofFloats(
          samples === "float32"
            ? new Float32Array(buffer, byteOffset, length / 4)
            : TiffSamples.fromHalves(new Uint16Array(buffer, byteOffset, length / 2))
        )
  if (!(shades instanceof Uint8Array)) throw new Refused(shades)
  if (info.channels !== channels) throw new Error(`${info.channels} bands where the header says ${channels}`)
  const image = { width: info.width, height: info.height, data: TiffSamples.toRgb(shades, channels) }
  return size === null ? image : rgb(ofPixels(make, image), size)
}

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
    const tiff = TiffHeader.of(bytes)
    if (tiff !== null && tiff.samples > 3 && tiff.photometric === 2 && tiff.extra[0] !== 1 && tiff.extra[0] !== 2) {
      return "bands beside red, green and blue"
    }
    const grey = space === "b-w" || space === "grey16"
    if (grey || hasAlpha) return [grey ? "grey" : "", hasAlpha ? "with transparency" : ""].join(" ").trim()
    return space === "cmyk" ? "CMYK" : depth === "uchar" ? "" : "more than 8 bits a channel"
  } catch {
    return ""
  }
}
