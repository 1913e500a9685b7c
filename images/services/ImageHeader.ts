import type { Explained } from "headrace"
import { unread } from "./ImageRefused.ts"
import * as TiffHeader from "./TiffHeader.ts"
import * as WebpHeader from "./WebpHeader.ts"

/** A box of type `ftyp` begins HEIF and AVIF files (ISO/IEC 14496-12). */
const isHeif = (bytes: Buffer): boolean => bytes.toString("latin1", 4, 8) === "ftyp"

const isPng = (bytes: Buffer): boolean =>
  bytes.length >= 26 && bytes.readUInt32BE(0) === 0x89504e47 && bytes.readUInt32BE(12) === 0x49484452

export const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xd8

/** Lossless JPEG (SOF3), which decoders of photographs don't take (ITU-T T.81, table B.1). */
const lossless = 0xc3

/** Of the frame's markers, those that are none: Huffman tables, extensions, arithmetic conditioning (ITU-T T.81, table B.1). */
const noFrame = new Set([0xc4, 0xc8, 0xcc])

/** Where the parameters of a JPEG's frame begin, four bytes after its marker; null where no frame is found. */
const frameOf = (bytes: Buffer): number | null => {
  let at = 2
  while (at + 10 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0
    if (marker >= 0xc0 && marker <= 0xcf && !noFrame.has(marker)) {
      return at + 4
    }
    // a marker may be padded with any number of 0xff
    at += marker === 0xff ? 1 : 2 + bytes.readUInt16BE(at + 2)
  }
  return null
}

/** Pixels of a PNG, JPEG or WebP, by its header; null where it takes a decoder to say. Far cheaper than asking one. */
export const pixels = (image: Uint8Array): number | null => {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength)
  if (isPng(bytes)) return bytes.readUInt32BE(16) * bytes.readUInt32BE(20)
  const webp = WebpHeader.of(bytes)
  if (webp !== null) return webp.width * webp.height
  const frame = isJpeg(bytes) ? frameOf(bytes) : null
  return frame === null ? null : bytes.readUInt16BE(frame + 1) * bytes.readUInt16BE(frame + 3)
}

const pngColours = ["grey", "", "", "a palette", "grey with transparency", "", "with transparency"]
const jpegColours: Readonly<Record<number, string>> = { 1: "grey", 4: "CMYK" }

/** What a PNG or JPEG holds other than 8-bit RGB, by its header; empty for nothing, null where it takes a decoder to say. */
export const colours = (image: Uint8Array): string | null => {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength)
  if (isPng(bytes)) return pngColours[bytes[25] ?? 2] || (bytes[24] === 16 ? "16 bits a channel" : "")
  const frame = isJpeg(bytes) ? frameOf(bytes) : null
  return frame === null ? null : (jpegColours[bytes[frame + 5] ?? 3] ?? "")
}

/** Whether every good file of its format is decoded here, so that a failure can only be damage. */
export const isWhollyKnown = (image: Uint8Array): boolean => {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength)
  const start = bytes.toString("latin1", 0, 12)
  return (
    isPng(bytes) ||
    isJpeg(bytes) ||
    start.startsWith("\x89PNG") ||
    start.startsWith("GIF8") ||
    /^RIFF.{4}WEBP$/s.test(start)
  )
}

/** Of a JPEG whose samples the decoder doesn't take, though other programs do. */
export const refusalOf = (image: Uint8Array): Explained.Parts | null => {
  if (!isJpeg(image)) return null
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength)
  const frame = frameOf(bytes)
  if (frame === null) return null
  const bits = bytes[frame] ?? 8
  const kind = bits !== 8 ? `a JPEG of ${bits} bits` : bytes[frame - 3] === lossless ? "a lossless JPEG" : null
  return kind === null ? null : unread(kind, "Convert it to PNG: magick FILE FILE.png (ImageMagick).")
}

/** Whether a picture may have more than 8 bits a sample; of some formats only a decoder can say. */
export const mayBeDeep = (image: Uint8Array): boolean => {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength)
  return isPng(bytes) ? bytes[24] === 16 : isHeif(bytes) || TiffHeader.of(image)?.bits[0] === 16
}

/** The colour space of a PNG or TIFF of 16 bits a sample that has no transparency; null for all else. */
export const sixteenBit = (image: Uint8Array): "grey16" | "rgb16" | null => {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength)
  if (isPng(bytes)) return bytes[24] !== 16 ? null : bytes[25] === 0 ? "grey16" : bytes[25] === 2 ? "rgb16" : null
  const tiff = TiffHeader.of(image)
  if (tiff === null || tiff.bits[0] !== 16) return null
  if (tiff.photometric === 2) return tiff.samples === 3 ? "rgb16" : null
  return (tiff.photometric === 1 || tiff.photometric === 0) && tiff.samples === 1 ? "grey16" : null
}

const profileMark = "ICC_PROFILE\0"
/** Beyond this nobody puts a profile's first part, and looking further would cost each JPEG. */
const mostBefore = 1 << 16
const spaces: Readonly<Record<number, string>> = { 1: "GRAY", 3: "RGB ", 4: "CMYK" }

/** Whether the profile of a JPEG is for the colours it has. One for others, such as CIELab, says nothing of it. */
export const profileFits = (image: Uint8Array): boolean => {
  if (!isJpeg(image)) return true
  const bytes = Buffer.from(image.buffer, image.byteOffset, Math.min(image.byteLength, mostBefore))
  const mark = bytes.indexOf(profileMark, 0, "latin1")
  const frame = frameOf(Buffer.from(image.buffer, image.byteOffset, image.byteLength))
  if (mark === -1 || frame === null) return true
  // two bytes number the part; the space stands 16 bytes into the profile (ICC.1:2022, 7.2)
  const space = bytes.toString("latin1", mark + profileMark.length + 18, mark + profileMark.length + 22)
  return space === spaces[image[frame + 5] ?? 0]
}
