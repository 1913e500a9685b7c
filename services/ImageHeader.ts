const isPng = (bytes: Buffer): boolean =>
  bytes.length >= 24 && bytes.readUInt32BE(0) === 0x89504e47 && bytes.readUInt32BE(12) === 0x49484452

/** Of the frame's markers, those that are none: Huffman tables, extensions, arithmetic conditioning (ITU-T T.81, table B.1). */
const noFrame = new Set([0xc4, 0xc8, 0xcc])

const jpegPixels = (bytes: Buffer): number | null => {
  let at = 2
  while (at + 9 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0
    if (marker >= 0xc0 && marker <= 0xcf && !noFrame.has(marker)) {
      return bytes.readUInt16BE(at + 5) * bytes.readUInt16BE(at + 7)
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
  return bytes[0] === 0xff && bytes[1] === 0xd8 ? jpegPixels(bytes) : null
}
