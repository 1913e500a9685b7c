import type { Explained } from "headrace"
import * as ArchiveKind from "./ArchiveKind.ts"
import { readFormats, unread } from "./ImageRefused.ts"

/** Signatures of formats that are good images, or hold them, but are not read here. */
const signatures: ReadonlyArray<readonly [start: string, name: string]> = [
  ["\0\0\0\x0cjP  ", "a JPEG 2000 image"],
  ["\xff\x4f\xff\x51", "a JPEG 2000 image"],
  ["\xff\x0a", "a JPEG XL image"],
  ["\0\0\0\x0cJXL ", "a JPEG XL image"],
  ["8BPS", "a Photoshop document"],
  ["FUJIFILMCCD-RAW", "a camera raw file"],
  ["IIRO", "a camera raw file"],
  ["IIRS", "a camera raw file"],
  ["MMOR", "a camera raw file"],
  ["IIU\0", "a camera raw file"],
  ["FOVb", "a camera raw file"],
  ["II\xbc", "a JPEG XR image"],
  ["\x76\x2f\x31\x01", "an OpenEXR image"],
  ["#?RADIANCE", "a Radiance image"],
  ["#?RGBE", "a Radiance image"],
  ["DDS ", "a DDS texture"],
  ["qoif", "a QOI image"],
  ["icns", "an Apple icon"],
  ["gimp xcf", "a GIMP document"],
  ["\0\0\x01\0", "a Windows icon"],
  ["SIMPLE  =", "a FITS image"],
  ["%PDF-", "a PDF"],
  ["%!PS", "a PostScript document"],
  ["\x93NUMPY", "a NumPy array"],
  ["\x89HDF\r\n\x1a\n", "an HDF5 file"],
  ["\xff\xd8\xff\xf7", "a JPEG-LS image"]
]

/** Brands of ISO's base media format (ISO/IEC 23008-12), as they stand in its first box. */
const heicBrands = new Set(["heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs"])
const avifBrands = new Set(["avif", "avis"])

const ofBrands = (bytes: Buffer): Explained.Parts | null => {
  if (bytes.toString("latin1", 4, 8) !== "ftyp") return null
  const end = Math.min(bytes.readUInt32BE(0), bytes.length, 256)
  const brands = [bytes.toString("latin1", 8, 12)]
  for (let at = 16; at + 4 <= end; at += 4) brands.push(bytes.toString("latin1", at, at + 4))
  if (brands.some((brand) => avifBrands.has(brand))) return null
  if (brands.some((brand) => heicBrands.has(brand))) {
    return unread(
      "a HEIC photo",
      "Convert it: heif-convert FILE FILE.png, or on a Mac sips -s format png FILE --out FILE.png."
    )
  }
  if (brands[0] === "crx ") return unread("a camera raw file", rawFix)
  if (brands[0] === "mif1" || brands[0] === "msf1") return unread("a HEIF image in another coding than AV1", convert)
  return unread("a video", "Take its frames as PNG (ffmpeg -i FILE FRAME-%05d.png), or remove it.")
}

const convert = "Convert it to PNG: magick FILE FILE.png (ImageMagick)."
export const rawFix = "Develop it to PNG or TIFF, as with darktable-cli FILE FILE.png."

/** Colour formats of Netpbm: a P, a digit and white space. */
const netpbm = /^P[1-7fF]\s/

/** A bitmap of Windows or OS/2 says, after its letters, how long its second header is. */
const isBmp = (bytes: Buffer): boolean =>
  bytes.toString("latin1", 0, 2) === "BM" &&
  bytes.length >= 26 &&
  [12, 16, 40, 52, 56, 64, 108, 124].includes(bytes.readUInt32LE(14))

const tgaFooter = "TRUEVISION-XFILE.\0"
/** Kinds of images with plain pixels and with packed ones, and bits of a pixel (Truevision TGA 2.0, C.2). */
const [plainTga, packedTga] = [new Set([1, 2, 3]), new Set([9, 10, 11])]
const tgaDepths = new Set([8, 15, 16, 24, 32])

/** A TGA has a footer by which it is known or, of before 1989, nothing but a header that must fit the file. */
const isTga = (bytes: Buffer): boolean => {
  if (bytes.toString("latin1", bytes.length - tgaFooter.length) === tgaFooter) return true
  if (bytes.length < 18) return false
  const [named = 0, hasMap = 0, kind = 0] = bytes
  const [width, height, depth] = [bytes.readUInt16LE(12), bytes.readUInt16LE(14), bytes.readUInt8(16)]
  const map = hasMap === 1 ? bytes.readUInt16LE(5) * Math.ceil(bytes.readUInt8(7) / 8) : 0
  const pixels = width * height * Math.ceil(depth / 8)
  const isSound = hasMap <= 1 && tgaDepths.has(depth) && pixels > 0
  return isSound && (packedTga.has(kind) || (plainTga.has(kind) && bytes.length >= 18 + named + map + pixels))
}

/** Beyond this no text begins. */
const mostBefore = 4096
const byteOrderMark = "\xef\xbb\xbf"

/** What a text of XML or HTML begins with, after declarations and comments. */
const beginningOf = (bytes: Buffer): string => {
  const text = bytes.toString("latin1", 0, mostBefore)
  let rest = (text.startsWith(byteOrderMark) ? text.slice(byteOrderMark.length) : text).trimStart()
  for (;;) {
    const end = rest.startsWith("<!--") ? "-->" : rest.startsWith("<?") ? "?>" : null
    if (end === null) return rest
    const at = rest.indexOf(end)
    if (at === -1) return ""
    rest = rest.slice(at + end.length).trimStart()
  }
}

/** What text of these kinds can begin with: white space, a byte order mark, a tag. Most images are known not to by that. */
const beginnings = new Set([...[..."\t\n\v\f\r \xa0<"].map((one) => one.charCodeAt(0)), byteOrderMark.charCodeAt(0)])

const ofText = (bytes: Buffer): Explained.Parts | null => {
  if (!beginnings.has(bytes[0] ?? 0)) return null
  const beginning = beginningOf(bytes)
  if (/^<(?:!doctype\s+)?svg[\s>]/i.test(beginning)) {
    return unread("an SVG drawing", "Draw it as PNG: rsvg-convert FILE -o FILE.png.")
  }
  return /^<(?:!doctype\s+)?html[\s>]/i.test(beginning)
    ? unread("a web page", "Get the image itself again: a failed download is often a page.")
    : null
}

/** The refusal of a file that is known by its first bytes, but not read here; null for every other. */
export const refusalOf = (image: Uint8Array): Explained.Parts | null => {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength)
  if (bytes.length === 0)
    return { what: "is empty", expected: readFormats, fix: "Replace it with a good copy, or remove it." }
  const start = bytes.toString("latin1", 0, 16)
  const found = signatures.find(([one]) => start.startsWith(one))
  if (found !== undefined) return unread(found[1], found[1] === "a camera raw file" ? rawFix : convert)
  if (isBmp(bytes)) return unread("a BMP image", convert)
  if (netpbm.test(start)) return unread("a PPM, PGM or PBM image", convert)
  if (bytes.toString("latin1", 128, 132) === "DICM")
    return unread("a DICOM image", "Convert it to PNG: dcmj2pnm FILE FILE.png (DCMTK).")
  const archive = ArchiveKind.known(bytes)
  if (archive !== null) {
    return unread(
      ArchiveKind.nameOf(archive),
      "Unpack what belongs to the class, and move the archive out of its folder."
    )
  }
  return ofBrands(bytes) ?? ofText(bytes) ?? (isTga(bytes) ? unread("a TGA image", convert) : null)
}
