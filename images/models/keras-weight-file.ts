import type { KerasWeights, Weight } from "./KerasWeights.ts"

/**
 * A weight file in Keras' layout: a group a layer, in it a group of that name with an array a variable, such as
 * `Conv1/Conv1/kernel:0`. Written by hand (HDF5 File Format Specification 3.0: superblock 0, object headers of version 1,
 * compact groups, contiguous arrays), since the library stamps the time into what it writes: equal weights must be equal
 * bytes.
 */
const UNDEFINED = 0xffff_ffff_ffff_ffffn

const aligned = (length: number): number => (length + 7) & ~7

const padded = (bytes: Uint8Array): Uint8Array => {
  const whole = new Uint8Array(aligned(bytes.length))
  whole.set(bytes)
  return whole
}

const u16 = (value: number): Uint8Array => Uint8Array.of(value & 255, value >>> 8)
const u32 = (value: number): Uint8Array => Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24)
const u64 = (value: number | bigint): Uint8Array => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

/** A header message: its type, its size in bytes and its data, filled up to a multiple of eight. */
const message = (type: number, ...parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const data = padded(Buffer.concat(parts))
  return Buffer.concat([u16(type), u16(data.length), Buffer.alloc(4), data])
}

const objectHeader = (messages: ReadonlyArray<Uint8Array>): Uint8Array => {
  const data = Buffer.concat(messages)
  return Buffer.concat([Uint8Array.of(1, 0), u16(messages.length), u32(1), u32(data.length), Buffer.alloc(4), data])
}

/** Little-endian IEEE 754 of 32 bits: sign at 31, 8 bits of exponent at 23 with bias 127, 23 of mantissa. */
const float32 = message(
  0x3,
  Uint8Array.of(0x11, 0x20, 31, 0),
  u32(4),
  u16(0),
  u16(32),
  Uint8Array.of(23, 8, 0, 23),
  u32(127)
)
/** Space is there from the start, and nothing is filled in. */
const noFill = message(0x5, Uint8Array.of(2, 1, 1, 0))

const arrayHeader = ({ shape, data }: Weight, at: number): Uint8Array =>
  objectHeader([
    message(0x1, Uint8Array.of(1, shape.length, 0, 0), u32(0), ...shape.map(u64)),
    float32,
    noFill,
    message(0x8, Uint8Array.of(3, 1), u64(at), u64(data.byteLength))
  ])

/** Names and addresses of what is in a group, in the order of names. */
const groupHeader = (links: ReadonlyMap<string, number>): Uint8Array =>
  objectHeader([
    message(0x2, Uint8Array.of(0, 0), u64(UNDEFINED), u64(UNDEFINED)),
    message(0xa, Uint8Array.of(0, 0)),
    ...[...links].map(([name, at]) =>
      message(0x6, Uint8Array.of(1, 0, Buffer.byteLength(name)), Buffer.from(name), u64(at))
    )
  ])

const superblockBytes = 96

const superblock = (root: number, end: number): Uint8Array =>
  Buffer.concat([
    Buffer.from("\x89HDF\r\n\x1a\n", "latin1"),
    Uint8Array.of(0, 0, 0, 0, 0, 8, 8, 0),
    // sizes of B-trees' nodes, of which there are none
    u16(4),
    u16(16),
    u32(0),
    u64(0),
    u64(UNDEFINED),
    u64(end),
    u64(UNDEFINED),
    u64(0),
    u64(root),
    Buffer.alloc(24)
  ])

/** The bytes of the file; equal weights in equal order give equal bytes. */
export const encode = (weights: KerasWeights): Uint8Array => {
  const parts: Array<Uint8Array> = []
  let end = superblockBytes
  const append = (bytes: Uint8Array): number => {
    const at = end
    parts.push(padded(bytes))
    end += aligned(bytes.length)
    return at
  }
  const layers = new Map<string, Map<string, number>>()
  for (const [path, weight] of weights) {
    const [layer = "", variable = ""] = path.split("/")
    const { buffer, byteOffset, byteLength } = weight.data
    const data = append(new Uint8Array(buffer, byteOffset, byteLength))
    const variables = layers.get(layer) ?? new Map<string, number>()
    layers.set(layer, variables.set(`${variable}:0`, append(arrayHeader(weight, data))))
  }
  const groups = new Map<string, number>()
  for (const [layer, variables] of layers)
    groups.set(layer, append(groupHeader(new Map([[layer, append(groupHeader(variables))]]))))
  const root = append(groupHeader(groups))
  return Buffer.concat([superblock(root, end), ...parts])
}
