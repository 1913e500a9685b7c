/**
 * Image files decoded, resized and encoded.
 *
 * @module
 */
import { Context, Effect, Layer } from "effect"
import { reason } from "headrace/files"
import type { Decoded } from "./Decoded.ts"
import * as ImageDecoder from "./ImageDecoder.ts"
import * as ImageHeader from "./ImageHeader.ts"
import { ImageRefused, ofDecoder } from "./ImageRefused.ts"
import * as ImageSheet from "./ImageSheet.ts"
import { load, type Make, ofPixels, rgb, sizeOf } from "./Sharp.ts"
import * as TiffHeader from "./TiffHeader.ts"

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
     * One after the other, small ones of a kind together, so that a caller decides how many are in memory. With `size`, each is stretched to a square of
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
    /** Each stretched to a square of so many pixels a side (Lanczos). */
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

/**
 * Those that can be on a sheet, decoded by sheets, by their places. None where a sheet is refused: which image it is refused
 * for is told by decoding each alone.
 */
const onSheets = async (make: Make, images: ReadonlyArray<Encoded>, signal: AbortSignal) => {
  const sheets = ImageSheet.gathered(images.map(({ bytes }) => bytes))
  try {
    const decoded = await eachInTurn(sheets, signal, (sheet) => ImageDecoder.decodeSheet(make, sheet))
    return new Map(decoded.flat())
  } catch {
    return new Map<number, Decoded>()
  }
}

const decode = (make: Make, images: ReadonlyArray<Encoded>, size: number | null) =>
  Effect.suspend(() => {
    let current: Encoded | undefined
    return Effect.tryPromise({
      try: async (signal) => {
        // an image that is stretched may be decoded at another size already
        const found = size === null ? await onSheets(make, images, signal) : new Map<number, Decoded>()
        return eachInTurn([...images.entries()], signal, async ([place, image]) => {
          current = image
          return found.get(place) ?? ImageDecoder.decode(make, image.bytes, size)
        })
      },
      catch: (error) => (error instanceof ImageDecoder.Refused ? error.refusal : reason(error))
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
