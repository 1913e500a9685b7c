import type { Explained } from "headrace"
import { rawFix } from "./ImageFormat.ts"
import { unread } from "./ImageRefused.ts"
import type { TiffHeader } from "./TiffHeader.ts"

/** How a TIFF's samples become shades; `channels` of them, one grey or three colours, are used. */
export type Reading =
  /** As a decoder does by itself. `dropsExtra`: what follows the colours is none, and alpha neither. */
  | { readonly kind: "plain"; readonly dropsExtra: boolean }
  /** Samples that have to be scaled here. */
  | { readonly kind: "scaled"; readonly samples: "uint32" | "float32" | "float16"; readonly channels: 1 | 3 }

const greyWhite = 0
const grey = 1
const rgb = 2
const palette = 3
const cmyk = 5
const yCbCr = 6
const photometrics: Readonly<Record<number, string>> = {
  4: "a mask",
  8: "CIELab colours",
  9: "ICCLab colours",
  10: "ITULab colours",
  32803: "a camera's colour filter array",
  32844: "LogL luminances",
  32845: "LogLuv colours",
  34892: "a camera's linear raw samples"
}
const colours: Readonly<Record<number, number>> = {
  [greyWhite]: 1,
  [grey]: 1,
  [rgb]: 3,
  [palette]: 1,
  [cmyk]: 4,
  [yCbCr]: 3
}

/** Compressions that the decoder has no part for, by their number. */
const compressions: Readonly<Record<number, string>> = {
  34661: "JBIG",
  34712: "JPEG 2000",
  34887: "LERC",
  34925: "LZMA",
  34933: "PNG",
  34934: "JPEG XR",
  50000: "Zstandard",
  50002: "JPEG XL",
  52546: "JPEG XL"
}

const kinds: Readonly<Record<number, string>> = {
  1: "unsigned",
  2: "signed",
  3: "floating-point",
  5: "complex",
  6: "complex"
}

const toBytes =
  "Scale it to 8 bits as its makers mean it, such as by gdal_translate -ot Byte -scale LOW HIGH 0 255 FILE FILE.png."
const threeBands = "Choose the bands to train on, such as by gdal_translate -b 1 -b 2 -b 3 FILE FILE.png."
const refuse = (
  what: string,
  expected: string,
  fix: string
): { readonly kind: "refused"; readonly refusal: Explained.Parts } => ({
  kind: "refused",
  refusal: { what, expected, fix }
})

/** How a TIFF is to be read, by its header alone; or why it can't be without guessing. */
export const readingOf = (
  header: TiffHeader
): Reading | { readonly kind: "refused"; readonly refusal: Explained.Parts } => {
  const { photometric, bits, samples, extra, compression } = header
  // 4 is "undefined", which readers take for unsigned
  const format = header.format === 4 ? 1 : header.format
  const [depth = 1] = bits
  if (header.isRaw) return { kind: "refused", refusal: unread("a camera raw file", rawFix) }
  const packed = compressions[compression]
  if (packed !== undefined) {
    return refuse(
      `is a TIFF packed by ${packed}, which is not read here`,
      "one packed by nothing, LZW, Deflate, PackBits, JPEG or CCITT",
      "Pack it otherwise: tiffcp -c lzw FILE FILE.tif, or gdal_translate -co COMPRESS=LZW FILE FILE.tif."
    )
  }
  const colour = photometric === null ? undefined : colours[photometric]
  if (photometric === null || colour === undefined) {
    const found =
      photometric === null
        ? "does not say what its samples are"
        : `holds ${photometrics[photometric] ?? `samples of the interpretation ${photometric}`}`
    return refuse(
      found,
      "a TIFF of grey, RGB, palette, YCbCr or CMYK samples",
      "Convert it to PNG: magick FILE FILE.png (ImageMagick)."
    )
  }
  const more = samples - colour
  const isAlpha = more > 0 && (extra[0] === 1 || extra[0] === 2)
  if (more > 0 && photometric !== rgb && !(isAlpha && more === 1 && colour === 1 && photometric !== palette)) {
    return refuse(
      `has ${samples} bands, and does not say which are red, green and blue`,
      "one band of grey, or three of RGB",
      threeBands
    )
  }
  if (isAlpha && more > 1) {
    return refuse(`has ${samples} bands, transparency in their midst`, "RGB, with transparency at most", threeBands)
  }
  // the decoder takes five bands at most
  if (samples > 5) return refuse(`has ${samples} bands`, "one band of grey, or three of RGB", threeBands)
  if (bits.some((other) => other !== depth)) {
    return refuse(`has samples of ${[...new Set(bits)].join(" and ")} bits`, "samples of one size", toBytes)
  }
  if (format === 1 && (depth === 8 || depth === 16 || (depth < 8 && colour === 1))) {
    return { kind: "plain", dropsExtra: more > 0 && !isAlpha }
  }
  const isScaled = (photometric === grey || photometric === rgb) && !isAlpha && more === 0
  const channels = photometric === rgb ? 3 : 1
  if (isScaled && format === 1 && depth === 32) return { kind: "scaled", samples: "uint32", channels }
  if (isScaled && format === 3 && (depth === 32 || depth === 16)) {
    return { kind: "scaled", samples: depth === 32 ? "float32" : "float16", channels }
  }
  if (format === 1 && depth !== 32) {
    return refuse(
      `has samples of ${depth} bits, which are not read here`,
      "samples of 8, 16 or 32 bits, or grey of fewer",
      toBytes
    )
  }
  const of = isScaled ? "" : more > 0 ? " beside other bands" : photometric === greyWhite ? " whose zero is white" : ""
  return refuse(
    `has ${kinds[format] ?? "undefined"} samples of ${depth} bits${of}, of which nobody says what is black and what is white`,
    "unsigned samples of 1 to 8, 16 or 32 bits, or floating-point ones from 0 to 1",
    toBytes
  )
}

const halfOf = (bits: number): number => {
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  const size =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent === 31
        ? fraction === 0
          ? Infinity
          : NaN
        : (1 + fraction / 1024) * 2 ** (exponent - 15)
  return bits & 0x8000 ? -size : size
}

export const fromHalves = (bits: Uint16Array): Float32Array => Float32Array.from(bits, halfOf)

/** The TIFF with its half floats told as unsigned, since the decoder would cut them to whole numbers: gives their bits. */
export const asBits = (image: Uint8Array, { formatAt, isLittle }: TiffHeader): Uint8Array => {
  const bytes = Buffer.from(image)
  for (const at of formatAt) {
    if (at + 2 > bytes.length) continue
    if (isLittle) bytes.writeUInt16LE(1, at)
    else bytes.writeUInt16BE(1, at)
  }
  return bytes
}

/**
 * Shades of 32-bit samples as TIFF 6.0 has it: 0 is black and the greatest number white. Refused where all would be black
 * though they aren't all zero: then they are counts or labels.
 */
export const ofUnsigned = (samples: Uint32Array): Uint8Array | Explained.Parts => {
  const shades = Uint8Array.from(samples, (value) => value >>> 24)
  return shades.some((shade) => shade > 0) ? shades : (onlyBlack(samples, 32) ?? shades)
}

/** The refusal of samples that are all black on the scale of their bits, but not all zero. */
export const onlyBlack = (samples: Uint16Array | Uint32Array, bits: 16 | 32): Explained.Parts | null => {
  let most = 0
  for (const value of samples) if (value > most) most = value
  return most === 0
    ? null
    : {
        what: `would be all black: its samples of ${bits} bits go up to ${most} of ${2 ** bits - 1}`,
        expected: "samples on the scale of their bits",
        fix: toBytes
      }
}

/**
 * Shades of floating-point samples, where these say by themselves which scale they are on: from 0 to 1 if some lie between,
 * from 0 to 255 if all are whole and one is above 1. Anything else could be one or the other, or a measurement.
 */
export const ofFloats = (samples: Float32Array): Uint8Array | Explained.Parts => {
  let least = Infinity
  let most = -Infinity
  let isWhole = true
  for (const value of samples) {
    if (!Number.isFinite(value)) {
      return { what: "has samples that are no numbers", expected: "floating-point samples from 0 to 1", fix: toBytes }
    }
    if (value < least) least = value
    if (value > most) most = value
    if (isWhole && !Number.isInteger(value)) isWhole = false
  }
  const isUnit = least >= 0 && most <= 1
  if (isUnit && (!isWhole || most === 0)) return Uint8Array.from(samples, (value) => Math.round(value * 255))
  if (least >= 0 && most <= 255 && most > 1 && isWhole) return Uint8Array.from(samples)
  return {
    what: `has floating-point samples from ${least} to ${most}${isUnit ? ", all whole" : ""}, of which nobody says what is white`,
    expected: "ones from 0 to 1, or whole ones from 0 to 255",
    fix: toBytes
  }
}

/** Grey as three equal channels. */
export const toRgb = (shades: Uint8Array, channels: 1 | 3): Uint8Array => {
  if (channels === 3) return shades
  const data = new Uint8Array(shades.length * 3)
  for (const [index, shade] of shades.entries()) data.fill(shade, index * 3, index * 3 + 3)
  return data
}
