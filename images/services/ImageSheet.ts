/**
 * Several small images of one kind and size in one TIFF, whose strips their files are: a decoder that sets up as much for
 * an image of 32x32 pixels as for a photograph does so once for all of them. TIFF has the codings of JPEG and of WebP
 * (TIFF Technical Note 2; compression 50001), which the same libraries decode as in files of their own.
 */
import * as ImageFormat from "./ImageFormat.ts"
import * as ImageHeader from "./ImageHeader.ts"
import * as JpegScan from "./JpegScan.ts"
import * as WebpHeader from "./WebpHeader.ts"

/** What the images of a sheet have in common. */
interface Kind {
  readonly width: number
  readonly height: number
  readonly coding: "jpeg" | "webp"
  readonly components: 1 | 3
  readonly sampling: readonly [across: number, down: number]
}

/**
 * The kind of sheet on which a file gives what it gives alone; null for all others. Only what cannot be refused, or
 * warned of, for anything but its coded data comes onto one, and data that are damaged are told by the sheet as a whole.
 */
const kindOf = (bytes: Uint8Array): Kind | null => {
  if (ImageFormat.refusalOf(bytes) !== null) return null
  if (ImageHeader.isJpeg(bytes)) {
    const scan = JpegScan.of(bytes)
    return scan === null ? null : { ...scan, coding: "jpeg" }
  }
  const header = WebpHeader.of(bytes)
  if (header === null || !header.isPlain) return null
  return { width: header.width, height: header.height, coding: "webp", components: 3, sampling: [1, 1] }
}

/** A sheet to be: its images, each with the place that it had among all. */
export interface ImageSheet {
  readonly kind: Kind
  readonly files: ReadonlyArray<{ readonly place: number; readonly bytes: Uint8Array }>
}

/** Beyond this an image takes far longer to decode than a decoder to set up. */
const mostPixels = 1 << 16
const mostFiles = 64

/** The sheets of those images that can be on one with another; the others are on none. */
export const gathered = (images: ReadonlyArray<Uint8Array>): ReadonlyArray<ImageSheet> => {
  const sheets: Array<{ readonly kind: Kind; readonly files: Array<ImageSheet["files"][number]> }> = []
  const open = new Map<string, (typeof sheets)[number]>()
  for (const [place, bytes] of images.entries()) {
    const pixels = ImageHeader.pixels(bytes)
    const kind = pixels === null || pixels > mostPixels ? null : kindOf(bytes)
    if (kind === null) continue
    const name = [kind.coding, kind.width, kind.height, kind.components, ...kind.sampling].join(" ")
    const sheet = open.get(name)
    if (sheet !== undefined && sheet.files.length < mostFiles) {
      sheet.files.push({ place, bytes })
      continue
    }
    const next = { kind, files: [{ place, bytes }] }
    sheets.push(next)
    open.set(name, next)
  }
  return sheets.filter(({ files }) => files.length > 1)
}

const short = 3
const long = 4
const fieldBytes = 12

interface Field {
  readonly tag: number
  readonly type: typeof short | typeof long
  readonly values: ReadonlyArray<number>
}

const even = (length: number): number => length + (length & 1)

/** The fields of the one directory, in the order of their tags, as they must be (TIFF 6.0, section 8; YCbCr: section 21). */
const fieldsOf = (kind: Kind, offsets: ReadonlyArray<number>, lengths: ReadonlyArray<number>): ReadonlyArray<Field> => {
  const { width, height, coding, components, sampling } = kind
  const photometric = components === 1 ? 1 : coding === "jpeg" ? 6 : 2
  const subsampled = photometric === 6 ? [{ tag: 530, type: short, values: sampling } as const] : []
  return [
    { tag: 256, type: long, values: [width] },
    { tag: 257, type: long, values: [height * offsets.length] },
    { tag: 258, type: short, values: Array.from({ length: components }, () => 8) },
    { tag: 259, type: short, values: [coding === "jpeg" ? 7 : 50_001] },
    { tag: 262, type: short, values: [photometric] },
    { tag: 273, type: long, values: offsets },
    { tag: 277, type: short, values: [components] },
    { tag: 278, type: long, values: [height] },
    { tag: 279, type: long, values: lengths },
    { tag: 284, type: short, values: [1] },
    ...subsampled
  ]
}

/** The images under each other as one little-endian TIFF: its header, the files, the values that fields have no room for, the directory. */
export const toTiff = ({ kind, files }: ImageSheet): Uint8Array => {
  const offsets: Array<number> = []
  const lengths = files.map(({ bytes }) => bytes.length)
  let end = 8
  for (const length of lengths) {
    offsets.push(end)
    end += even(length)
  }
  const fields = fieldsOf(kind, offsets, lengths)
  const bytesOf = ({ type, values }: Field) => values.length * (type === short ? 2 : 4)
  const apart = fields.map(bytesOf).reduce((sum, bytes) => (bytes > 4 ? sum + bytes : sum), 0)
  const directory = end + apart
  const sheet = Buffer.alloc(directory + 2 + fieldBytes * fields.length + 4)
  sheet.write("II", 0, "latin1")
  sheet.writeUInt16LE(42, 2)
  sheet.writeUInt32LE(directory, 4)
  files.forEach(({ bytes }, index) => sheet.set(bytes, offsets[index] ?? 0))
  sheet.writeUInt16LE(fields.length, directory)
  for (const [index, field] of fields.entries()) {
    const at = directory + 2 + fieldBytes * index
    sheet.writeUInt16LE(field.tag, at)
    sheet.writeUInt16LE(field.type, at + 2)
    sheet.writeUInt32LE(field.values.length, at + 4)
    const isApart = bytesOf(field) > 4
    if (isApart) sheet.writeUInt32LE(end, at + 8)
    let to = isApart ? end : at + 8
    for (const value of field.values)
      to = field.type === short ? sheet.writeUInt16LE(value, to) : sheet.writeUInt32LE(value, to)
    if (isApart) end = to
  }
  return sheet
}
