/** What a TIFF says of its samples; the rest follows from them. */
export interface TiffOf {
  readonly width: number
  readonly bits: number
  /** SampleFormat: 1 unsigned, 2 signed, 3 floating-point. */
  readonly format?: number
  /** PhotometricInterpretation: 1 grey, 2 RGB by the number of samples. */
  readonly photometric?: number
  readonly samples?: number
  readonly extra?: ReadonlyArray<number>
  readonly compression?: number
  /** Further fields of one short or byte, by tag. */
  readonly more?: Readonly<Record<number, number>>
}

const short = 3
const long = 4
const typeBytes = { [short]: 2, [long]: 4 } as const

/** An uncompressed little-endian TIFF of one strip and one row. */
export const tiff = (pixels: Buffer, of: TiffOf): Buffer => {
  const { width, bits, format = 1, samples = 1, extra = [], compression = 1, more = {} } = of
  const photometric = of.photometric ?? (samples >= 3 ? 2 : 1)
  const each = (value: number) => Array.from({ length: samples }, () => value)
  const fields: Array<readonly [tag: number, type: typeof short | typeof long, values: ReadonlyArray<number>]> = [
    [256, short, [width]],
    [257, short, [1]],
    [258, short, each(bits)],
    [259, short, [compression]],
    [262, short, [photometric]],
    [273, long, [8]],
    [277, short, [samples]],
    [278, short, [1]],
    [279, long, [pixels.length]],
    ...(extra.length > 0 ? [[338, short, extra] as const] : []),
    [339, short, each(format)],
    ...Object.entries(more).map(([tag, value]) => [Number(tag), short, [value]] as const)
  ]
  fields.sort(([a], [b]) => a - b)
  const start = 8 + pixels.length + (pixels.length % 2)
  const directory = Buffer.alloc(2 + 12 * fields.length + 4)
  directory.writeUInt16LE(fields.length, 0)
  const long32 = (value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(value)
    return bytes
  }
  const tails: Array<Buffer> = []
  let end = start + directory.length
  for (const [index, [tag, type, values]] of fields.entries()) {
    const at = 2 + 12 * index
    directory.writeUInt16LE(tag, at)
    directory.writeUInt16LE(type, at + 2)
    directory.writeUInt32LE(values.length, at + 4)
    const bytes = Buffer.alloc(values.length * typeBytes[type])
    for (const [place, value] of values.entries()) {
      if (type === short) bytes.writeUInt16LE(value, 2 * place)
      else bytes.writeUInt32LE(value, 4 * place)
    }
    if (bytes.length <= 4) bytes.copy(directory, at + 8)
    else {
      directory.writeUInt32LE(end, at + 8)
      tails.push(bytes)
      end += bytes.length
    }
  }
  const padding = Buffer.alloc(start - 8 - pixels.length)
  return Buffer.concat([Buffer.from("II*\0", "latin1"), long32(start), pixels, padding, directory, ...tails])
}

/** A grey TIFF followed by the directories of others, which have the same pixels. */
export const followedBy = (first: Buffer, ...others: ReadonlyArray<Buffer>): Buffer => {
  let directory = first.readUInt32LE(4)
  return others.reduce((before, other) => {
    const file = Buffer.concat([before, other.subarray(other.readUInt32LE(4))])
    file.writeUInt32LE(before.length, directory + 2 + 12 * before.readUInt16LE(directory))
    directory = before.length
    return file
  }, first)
}
