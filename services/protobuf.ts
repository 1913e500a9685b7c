/** Protobuf's wire format, as far as a graph file needs it: whole numbers from 0, and anything that has a length. */
export type Bytes = Uint8Array

export const varint = (value: number): Bytes => {
  const bytes: Array<number> = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Uint8Array.of(...bytes, rest)
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
