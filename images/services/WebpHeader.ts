/** What the header of a WebP says of its one picture (RFC 9649, 2.4 to 2.7). */
export interface WebpHeader {
  readonly width: number
  readonly height: number
  /** Whether the file is one coded picture without transparency, and nothing beside it: no profile, no EXIF, no frames. */
  readonly isPlain: boolean
}

const chunkAt = 12
const dataAt = 20
/** A picture of each coding says its size within so many bytes. */
const leastBytes = 30

/** Whether the file's one chunk fills it, but for the byte that makes its length even. */
const isFilled = (bytes: Buffer): boolean => {
  const length = bytes.readUInt32LE(chunkAt + 4)
  return dataAt + length + (length & 1) === bytes.length && bytes.readUInt32LE(4) === bytes.length - 8
}

/** Width, height and transparency in one number (RFC 9649, 3.4). */
const lossless = (bytes: Buffer): WebpHeader => {
  const packed = bytes.readUInt32LE(dataAt + 1)
  const isKnown = bytes[dataAt] === 0x2f && packed >>> 28 === 0
  return { width: (packed & 0x3fff) + 1, height: ((packed >>> 14) & 0x3fff) + 1, isPlain: isKnown && isFilled(bytes) }
}

/** Two bits of each size ask for it to be shown larger, which decoders leave to others (RFC 6386, 9.1). */
const lossy = (bytes: Buffer): WebpHeader => ({
  width: bytes.readUInt16LE(dataAt + 6) & 0x3fff,
  height: bytes.readUInt16LE(dataAt + 8) & 0x3fff,
  isPlain: false
})

const extended = (bytes: Buffer): WebpHeader => ({
  width: bytes.readUIntLE(dataAt + 4, 3) + 1,
  height: bytes.readUIntLE(dataAt + 7, 3) + 1,
  isPlain: false
})

/** Null where the file is no WebP, or one of a coding that is not known. */
export const of = (image: Uint8Array): WebpHeader | null => {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength)
  if (bytes.length < leastBytes || bytes.toString("latin1", 0, 4) !== "RIFF") return null
  switch (bytes.toString("latin1", 8, chunkAt + 4)) {
    case "WEBPVP8L":
      return lossless(bytes)
    case "WEBPVP8 ":
      return lossy(bytes)
    case "WEBPVP8X":
      return extended(bytes)
    default:
      return null
  }
}
