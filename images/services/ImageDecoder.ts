import { type Explained, Text } from "headrace"
import { reason } from "headrace/files"
import type { Sharp } from "sharp"
import type { Decoded } from "./Decoded.ts"
import * as ImageFormat from "./ImageFormat.ts"
import * as ImageHeader from "./ImageHeader.ts"
import { mostPixels } from "./ImageRefused.ts"
import * as ImageSheet from "./ImageSheet.ts"
import { type Make, ofPixels, rgb, sizeOf } from "./Sharp.ts"
import * as TiffHeader from "./TiffHeader.ts"
import * as TiffSamples from "./TiffSamples.ts"

/** Thrown within a promise where a file is refused before, or after, it was decoded. */
export class Refused extends Error {
  constructor(readonly refusal: Explained.Parts) {
    super(Text.show(refusal.what))
  }
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

/**
 * The decoder takes what has more than 8 bits and a colour profile to Display P3, whose numbers it would give for sRGB's,
 * unless it is told to go on to sRGB.
 */
const toSrgb = async (make: Make, bytes: Uint8Array, image: Sharp): Promise<Sharp> => {
  if (!ImageHeader.mayBeDeep(bytes)) return image
  const { depth, hasProfile } = await make(bytes, { limitInputPixels: false }).metadata()
  return depth === "ushort" && hasProfile ? image.withIccProfile("srgb", { attach: false }) : image
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

/**
 * Decodes a file's bytes as what they say they are; with `size`, stretched to a square of that many pixels. Rejects with
 * `Refused` where the file is told to be none that is read here, else with the decoder's own error.
 */
export const decode = async (make: Make, bytes: Uint8Array, size: number | null): Promise<Decoded> => {
  const refusal = ImageFormat.refusalOf(bytes) ?? ImageHeader.refusalOf(bytes)
  if (refusal !== null) throw new Refused(refusal)
  // a decoder that finds more than the header says stops
  const limitInputPixels = Math.min(ImageHeader.pixels(bytes) || mostPixels, mostPixels)
  const open = (of: Uint8Array, failOn: "error" | "warning" = "error") =>
    make(of, { limitInputPixels, failOn, sequentialRead: true, ignoreIcc: !ImageHeader.profileFits(of) }).autoOrient()
  const tiff = TiffHeader.of(bytes)
  if (ImageHeader.isJpeg(bytes)) return jpeg(open, bytes, size)
  const image = await toSrgb(make, bytes, open(bytes))
  if (tiff === null) return checked(bytes, await rgb(image, size), open)
  const reading = TiffSamples.readingOf(tiff)
  if (reading.kind === "refused") throw new Refused(reading.refusal)
  if (reading.kind === "scaled") return scaled(make, open, bytes, tiff, reading, size)
  return checked(bytes, await (reading.dropsExtra ? withoutExtra(make, image, size) : rgb(image, size)), open)
}

/** The images of a sheet, with their places. Rejects where one of them would be refused, or warned of, alone. */
export const decodeSheet = async (
  make: Make,
  sheet: ImageSheet.ImageSheet
): Promise<ReadonlyArray<readonly [place: number, image: Decoded]>> => {
  const { kind, files } = sheet
  const { width, height } = kind
  const limitInputPixels = width * height * files.length
  const { data } = await rgb(make(ImageSheet.toTiff(sheet), { limitInputPixels, failOn: "warning" }), null)
  const length = 3 * width * height
  return files.map(({ place }, index) => [
    place,
    { width, height, data: data.subarray(index * length, (index + 1) * length) }
  ])
}
