const isPng = (bytes: Buffer): boolean =>
  bytes.length >= 26 && bytes.readUInt32BE(0) === 0x89504e47 && bytes.readUInt32BE(12) === 0x49484452

const isJpeg = (bytes: Buffer): boolean => bytes[0] === 0xff && bytes[1] === 0xd8

/** Of the frame's markers, those that are none: Huffman tables, extensions, arithmetic conditioning (ITU-T T.81, table B.1). */
const noFrame = new Set([0xc4, 0xc8, 0xcc])

/** Where the parameters of a JPEG's frame begin; null where no frame is found. */
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

/** Pixels of a PNG or JPEG, by its header; null where it takes a decoder to say. Far cheaper than asking one. */
export const pixels = (image: Uint8Array): number | null => {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength)
  if (isPng(bytes)) return bytes.readUInt32BE(16) * bytes.readUInt32BE(20)
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
