/**
 * What the first directory of a TIFF says of its samples (TIFF 6.0, and BigTIFF), read without a decoder: a decoder takes a
 * fourth sample for alpha, and any number for a shade from 0 to 255.
 */
export interface TiffHeader {
  /** PhotometricInterpretation: 0 and 1 grey, 2 RGB, 3 a palette, 5 CMYK, 6 YCbCr, and others; null where it isn't said. */
  readonly photometric: number | null
  /** Of each sample. */
  readonly bits: ReadonlyArray<number>
  /** Of the samples: 1 unsigned, 2 signed, 3 floating-point, 5 and 6 complex. */
  readonly format: number
  readonly samples: number
  /** ExtraSamples: what each sample beyond the colour is: 1 and 2 alpha, 0 not said. */
  readonly extra: ReadonlyArray<number>
  readonly compression: number
  /** Where the bytes of each SampleFormat lie, and whether numbers are little-endian. */
  readonly formatAt: ReadonlyArray<number>
  readonly isLittle: boolean
  /** The first picture is a small one of what a camera raw file holds. */
  readonly isRaw: boolean
  /** Another picture follows that is no smaller version of one, and no mask. */
  readonly hasPages: boolean
}

interface Field {
  readonly values: ReadonlyArray<number>
  readonly at: ReadonlyArray<number>
}

const tags = {
  subfile: 254,
  oldSubfile: 255,
  bits: 258,
  compression: 259,
  photometric: 262,
  samples: 277,
  subdirectories: 330,
  extra: 338,
  format: 339,
  dngVersion: 50706
}
const wanted = new Set(Object.values(tags))

/** Bytes, shorts and longs: every wanted field is one of these. */
const typeBytes: Readonly<Record<number, 1 | 2 | 4>> = { 1: 1, 3: 2, 4: 4, 13: 4 }
/** No image that is read here has more samples; a count in a hostile file may be anything. */
const mostValues = 64
/** As many as a classic directory can say; BigTIFF has tags for no more. */
const mostFields = 65_535

class Reader {
  constructor(
    private readonly bytes: Buffer,
    readonly isLittle: boolean
  ) {}

  /** Zero beyond the end: a file that is cut is for the decoder to refuse. */
  number(at: number, length: 1 | 2 | 4 | 8): number {
    if (at + length > this.bytes.length) return 0
    if (length === 1) return this.bytes.readUInt8(at)
    if (length === 2) return this.isLittle ? this.bytes.readUInt16LE(at) : this.bytes.readUInt16BE(at)
    if (length === 4) return this.isLittle ? this.bytes.readUInt32LE(at) : this.bytes.readUInt32BE(at)
    return Number(this.isLittle ? this.bytes.readBigUInt64LE(at) : this.bytes.readBigUInt64BE(at))
  }
}

interface Directory {
  readonly fields: ReadonlyMap<number, Field>
  /** Where the next one stands; zero where there is none. */
  readonly next: number
}

/** A directory with its wanted fields. A classic one has entries of 12 bytes, one of BigTIFF of 20. */
const directoryAt = (reader: Reader, start: number, isBig: boolean, length: number): Directory => {
  const fields = new Map<number, Field>()
  const word = isBig ? 8 : 4
  const entryBytes = isBig ? 20 : 12
  const first = start + (isBig ? 8 : 2)
  const count = Math.min(reader.number(start, isBig ? 8 : 2), mostFields, Math.floor(length / entryBytes))
  for (let index = 0; index < count; index++) {
    const at = first + index * entryBytes
    const tag = reader.number(at, 2)
    const bytes = typeBytes[reader.number(at + 2, 2)]
    if (!wanted.has(tag) || bytes === undefined || fields.has(tag)) continue
    const values = Math.min(reader.number(at + 4, word), mostValues)
    const inline = at + 4 + word
    const from = values * bytes <= word ? inline : reader.number(inline, word)
    const places = Array.from({ length: values }, (_, value) => from + value * bytes)
    fields.set(tag, { at: places, values: places.map((place) => reader.number(place, bytes)) })
  }
  return { fields, next: reader.number(first + count * entryBytes, word) }
}

/** Directories that are looked at for a page; smaller versions of the first picture stand before it. */
const mostDirectories = 32
const reduced = 1
const mask = 4
const oldReduced = 2

const hasPages = (first: Directory, directory: (start: number) => Directory): boolean => {
  let { next } = first
  for (let looked = 0; next !== 0 && looked < mostDirectories; looked++) {
    const { fields, next: after } = directory(next)
    const [subfile = 0] = fields.get(tags.subfile)?.values ?? []
    const [oldSubfile = 0] = fields.get(tags.oldSubfile)?.values ?? []
    if (fields.size > 0 && (subfile & (reduced | mask)) === 0 && oldSubfile !== oldReduced) return true
    next = after
  }
  return false
}

const classic = 42
const bigTiff = 43

/** Null for what is no TIFF. */
export const of = (image: Uint8Array): TiffHeader | null => {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength)
  const order = bytes.toString("latin1", 0, 2)
  if (bytes.length < 8 || (order !== "II" && order !== "MM")) return null
  const reader = new Reader(bytes, order === "II")
  const version = reader.number(2, 2)
  if (version !== classic && version !== bigTiff) return null
  const isBig = version === bigTiff
  const start = isBig ? reader.number(8, 8) : reader.number(4, 4)
  const directory = (at: number) => directoryAt(reader, at, isBig, bytes.length)
  const first = directory(start)
  const { fields } = first
  const one = (tag: number, otherwise: number) => fields.get(tag)?.values[0] ?? otherwise
  // Canon's own mark, Adobe's, or a first picture that is said to be reduced from one in a directory of its own
  const isReduced = (one(tags.subfile, 0) & 1) === 1 && fields.has(tags.subdirectories)
  const isCanon = bytes.toString("latin1", 8, 10) === "CR"
  return {
    photometric: fields.get(tags.photometric)?.values[0] ?? null,
    bits: fields.get(tags.bits)?.values ?? [1],
    format: one(tags.format, 1),
    samples: one(tags.samples, 1),
    extra: fields.get(tags.extra)?.values ?? [],
    compression: one(tags.compression, 1),
    formatAt: fields.get(tags.format)?.at ?? [],
    isLittle: reader.isLittle,
    isRaw: isCanon || fields.has(tags.dngVersion) || isReduced,
    hasPages: hasPages(first, directory)
  }
}
