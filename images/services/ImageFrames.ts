import * as TiffHeader from "./TiffHeader.ts"

/** The end of a GIF's data from `at` on: parts that say their length, up to one of length zero. */
const afterParts = (bytes: Buffer, at: number): number => {
  let next = at
  for (let length = bytes[next] ?? 0; length > 0; length = bytes[next] ?? 0) next += 1 + length
  return next + 1
}

/** Bytes of a table of colours, by the field that says whether there is one. */
const colourBytes = (packed: number): number => ((packed & 0x80) === 0 ? 0 : 3 * 2 ** ((packed & 7) + 1))

const gifImage = 0x2c
const gifExtension = 0x21

/** Whether a second picture follows (GIF89a, appendix B). */
const gif = (bytes: Buffer): boolean => {
  let pictures = 0
  let at = 13 + colourBytes(bytes[10] ?? 0)
  while (at < bytes.length) {
    const kind = bytes[at]
    if (kind === gifExtension) at = afterParts(bytes, at + 2)
    else if (kind === gifImage) {
      pictures++
      if (pictures > 1) return true
      at = afterParts(bytes, at + 11 + colourBytes(bytes[at + 9] ?? 0))
    } else return false
  }
  return false
}

/** Whether a second frame follows (RFC 9649, 2.7.1). */
const webp = (bytes: Buffer): boolean => {
  let frames = 0
  for (let at = 12; at + 8 <= bytes.length; ) {
    if (bytes.toString("latin1", at, at + 4) === "ANMF") frames++
    if (frames > 1) return true
    const length = bytes.readUInt32LE(at + 4)
    at += 8 + length + (length & 1)
  }
  return false
}

/** Whether the control of an animation, which comes before the pixels, says more than one (PNG, third edition, 11.3.6). */
const png = (bytes: Buffer): boolean => {
  for (let at = 8; at + 12 <= bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    const type = bytes.toString("latin1", at + 4, at + 8)
    if (type === "acTL") return bytes.readUInt32BE(at + 8) > 1
    if (type === "IDAT") return false
  }
  return false
}

/** Whether a file holds more pictures than the one that is used: later frames, or pages. No decoder is asked. */
export const hasSeveral = (image: Uint8Array): boolean => {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength)
  const start = bytes.toString("latin1", 0, 12)
  if (start.startsWith("GIF8")) return gif(bytes)
  if (start.startsWith("\x89PNG")) return png(bytes)
  if (start.startsWith("RIFF") && start.endsWith("WEBP")) return webp(bytes)
  // a sequence is marked by its brand (AV1 Image File Format, 6.3)
  if (start.endsWith("ftypavis")) return true
  return TiffHeader.of(image)?.hasPages ?? false
}
