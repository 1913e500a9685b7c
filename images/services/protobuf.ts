/** Protobuf's wire format, as far as a graph file needs it: whole numbers, and anything that has a length. */
export type Bytes = Uint8Array

export const varint = (value: number): Bytes => {
  const bytes: Array<number> = []
  // a negative number is its two's complement in 64 bits
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) + 128)
  return Uint8Array.of(...bytes, Number(rest))
}

export const number = (field: number, value: number): Bytes => Buffer.concat([varint(field * 8), varint(value)])

/** A string, bytes or a message: its content in sequence. */
export const block = (field: number, ...content: ReadonlyArray<Bytes | string>): Bytes => {
  const bytes = Buffer.concat(content.map((part) => (typeof part === "string" ? Buffer.from(part) : part)))
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes])
}

/** The bytes of a typed array, shared with it. */
export const bytesOf = (data: Float32Array | Int32Array): Bytes =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength)
