/**
 * A JPEG walked through from its first marker to its last bit, without a picture being made of it (ITU-T T.81): the walk
 * costs a fraction of decoding, and shows that a decoder has nothing to warn of.
 */
export interface JpegScan {
  readonly width: number
  readonly height: number
  /** Grey, or YCbCr. */
  readonly components: 1 | 3
  /** How many samples of brightness there are to one of colour, across and down. */
  readonly sampling: readonly [across: number, down: number]
}

/** A Huffman table: by the next 8 bits a code and its length where it has no more, else by the largest code of each length. */
interface Codes {
  /** Length of the code in the upper byte, its symbol in the lower; 0 where the code is longer, or none. */
  readonly short: Uint16Array
  /** The largest code of each length, -1 where there is none. */
  readonly largest: Int32Array
  /** What added to a code of each length is the place of its symbol. */
  readonly offset: Int32Array
  readonly symbols: Uint8Array
}

const shortBits = 8
const longest = 16

/** The codes that a table's counts and symbols stand for (annex C); null where they are too many for their lengths. */
const codesOf = (counts: Uint8Array, symbols: Uint8Array): Codes | null => {
  const short = new Uint16Array(1 << shortBits)
  const largest = new Int32Array(longest + 1).fill(-1)
  const offset = new Int32Array(longest + 1)
  let [code, at] = [0, 0]
  for (let length = 1; length <= longest; length++, code <<= 1) {
    offset[length] = at - code
    for (let left = counts[length - 1] ?? 0; left > 0; left--, code++, at++) {
      if (length > shortBits) continue
      const first = code << (shortBits - length)
      short.fill((length << 8) | (symbols[at] ?? 0), first, first + (1 << (shortBits - length)))
    }
    if (code > 1 << length) return null
    if ((counts[length - 1] ?? 0) > 0) largest[length] = code - 1
  }
  return { short, largest, offset, symbols }
}

type TablesByNumber = ReadonlyMap<number, Codes>

/** The tables of a segment, by class and number; null where it does not hold what it says. */
const tablesOf = (segment: Uint8Array): TablesByNumber | null => {
  const tables = new Map<number, Codes>()
  let at = 0
  while (at < segment.length) {
    const counts = segment.subarray(at + 1, at + 1 + longest)
    const total = counts.reduce((sum, count) => sum + count, 0)
    const end = at + 1 + longest + total
    const codes = end > segment.length || total > 256 ? null : codesOf(counts, segment.subarray(end - total, end))
    if (codes === null) return null
    tables.set(segment[at] ?? 0, codes)
    at = end
  }
  return tables
}

/** Most encoders write the same tables into each of their files, and to make them takes as long as to walk a small image. */
const known = new Map<string, TablesByNumber | null>()
const mostKnown = 64

const knownTablesOf = (segment: Buffer): TablesByNumber | null => {
  const text = segment.toString("latin1")
  const found = known.get(text)
  if (found !== undefined) return found
  const tables = tablesOf(segment)
  if (known.size === mostKnown) known.clear()
  known.set(text, tables)
  return tables
}

/** The bits of a scan, in which each byte of ones is followed by one of zeros (F.1.2.3). */
class Bits {
  private held = 0
  private count = 0

  constructor(
    private readonly bytes: Uint8Array,
    private at: number
  ) {}

  /** Holds at least so many bits, at most 16, while the scan has them; behind its end zeros stand, which `left` tells. */
  private fill(wanted: number): void {
    while (this.count < wanted) {
      const byte = this.bytes[this.at] ?? 0xff
      if (byte === 0xff && this.bytes[this.at + 1] !== 0) return
      this.held = ((this.held << 8) | byte) & 0xffffff
      this.count += 8
      this.at += byte === 0xff ? 2 : 1
    }
  }

  private peek(wanted: number): number {
    const { held, count } = this
    const bits = count >= wanted ? held >> (count - wanted) : held << (wanted - count)
    return bits & ((1 << wanted) - 1)
  }

  /** False where the scan ends before. */
  skip(wanted: number): boolean {
    this.fill(wanted)
    this.count -= wanted
    return this.count >= 0
  }

  /** The next symbol; -1 where no code has these bits, or the scan ends within it. */
  symbol({ short, largest, offset, symbols }: Codes): number {
    this.fill(longest)
    const found = short[this.peek(shortBits)] ?? 0
    if (found > 0) {
      this.count -= found >> 8
      return this.count >= 0 ? found & 0xff : -1
    }
    for (let length = shortBits + 1; length <= longest; length++) {
      const code = this.peek(length)
      if (code > (largest[length] ?? -1)) continue
      this.count -= length
      return this.count >= 0 ? (symbols[code + (offset[length] ?? 0)] ?? -1) : -1
    }
    return -1
  }

  /** Whether nothing is left but the bits that fill the last byte, and the marker of the image's end. */
  isEnd(): boolean {
    this.fill(shortBits)
    return this.count < shortBits && this.bytes[this.at] === 0xff && this.bytes[this.at + 1] === 0xd9
  }
}

interface Tables {
  readonly dc: Codes
  readonly ac: Codes
}

/** Whether the bits are those of a block of 8x8: the size of its mean, and runs of zeros between other coefficients (F.2.2). */
const isBlock = (bits: Bits, { dc, ac }: Tables): boolean => {
  const size = bits.symbol(dc)
  if (size < 0 || size > 11 || !bits.skip(size)) return false
  let at = 1
  while (at < 64) {
    const symbol = bits.symbol(ac)
    if (symbol < 0) return false
    const [zeros, length] = [symbol >> 4, symbol & 15]
    if (length === 0 && zeros !== 15) return true
    at += zeros + 1
    if (at > 64 || !bits.skip(length)) return false
  }
  return true
}

/** What a frame says where it is one of those that are walked here: 8 bits, grey or colours of half or full resolution. */
const frameOf = (segment: Buffer): JpegScan | null => {
  const components = segment[5]
  if ((components !== 1 && components !== 3) || segment.length !== 6 + 3 * components || segment[0] !== 8) return null
  const numbers = Array.from({ length: components }, (_, index) => segment[6 + 3 * index])
  const [first = 0, ...others] = Array.from({ length: components }, (_, index) => segment[7 + 3 * index] ?? 0)
  const sampling = [first >> 4, first & 15] as const
  const isKnown =
    numbers.every((number, index) => number === index + 1) &&
    others.every((one) => one === 0x11) &&
    sampling.every((samples) => samples === 1 || (samples === 2 && components === 3))
  const [height, width] = [segment.readUInt16BE(1), segment.readUInt16BE(3)]
  return isKnown && width > 0 && height > 0 ? { width, height, components, sampling } : null
}

/** The tables of each component of a scan that has them all, whole; null where it is another, or one is missing. */
const scanOf = (segment: Uint8Array, components: number, tables: TablesByNumber): Array<Tables> | null => {
  const [first, last, precision] = segment.subarray(1 + 2 * components)
  if (segment.length !== 4 + 2 * components || segment[0] !== components) return null
  if (first !== 0 || last !== 63 || precision !== 0) return null
  const found = Array.from({ length: components }, (_, index) => {
    const number = segment[2 + 2 * index] ?? 0
    const [dc, ac] = [tables.get(number >> 4), tables.get(0x10 | (number & 15))]
    return segment[1 + 2 * index] !== index + 1 || dc === undefined || ac === undefined ? null : { dc, ac }
  })
  return found.every((one) => one !== null) ? found : null
}

const isWalked = (bits: Bits, { width, height, sampling }: JpegScan, tables: ReadonlyArray<Tables>): boolean => {
  const [across, down] = sampling
  const units = Math.ceil(width / (8 * across)) * Math.ceil(height / (8 * down))
  for (let unit = 0; unit < units; unit++) {
    for (const [index, of] of tables.entries()) {
      const blocks = index === 0 ? across * down : 1
      for (let block = 0; block < blocks; block++) if (!isBlock(bits, of)) return false
    }
  }
  return bits.isEnd()
}

const marker = { baseline: 0xc0, huffman: 0xc4, scan: 0xda, quantization: 0xdb, jfif: 0xe0, comment: 0xfe }

/**
 * What a JPEG is where it is a plain one: baseline, of one scan without restarts, whose every code is one of its tables and
 * which ends where it should, and beside which there is no EXIF, no profile and no colour transform. Null for every other.
 */
export const of = (image: Uint8Array): JpegScan | null => {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength)
  const tables = new Map<number, Codes>()
  let frame: JpegScan | null = null
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; ) {
    const kind = bytes[at + 1]
    const end = at + 2 + bytes.readUInt16BE(at + 2)
    const segment = bytes.subarray(at + 4, end)
    if (end > bytes.length) return null
    if (kind === marker.scan) {
      const scan = frame === null ? null : scanOf(segment, frame.components, tables)
      return frame !== null && scan !== null && isWalked(new Bits(bytes, end), frame, scan) ? frame : null
    }
    if (kind === marker.baseline) {
      if (frame !== null) return null
      frame = frameOf(segment)
      if (frame === null) return null
    } else if (kind === marker.huffman) {
      const added = knownTablesOf(segment)
      if (added === null) return null
      for (const [number, codes] of added) tables.set(number, codes)
    } else if (kind !== marker.quantization && kind !== marker.jfif && kind !== marker.comment) return null
    at = end
  }
  return null
}
