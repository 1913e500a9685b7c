import { type AnyBatch, type AnyValues, type Column, type Columns, cellSize } from "./Column.ts"
import { expect, fieldAt, follow, longAt, required, root, vectorAt, viewOf } from "./FlatBuffer.ts"
import type { Verified } from "./Verified.ts"

/*
 * Reads the Arrow IPC files of one record batch that `ArrowFile` writes. The columns, cell shapes and rows are known before
 * a byte is read, so nothing in the file decides how much is done: each count is compared with what it must be, each length
 * and offset with what is there, and no loop is longer than the rows. apache-arrow trusts all of these; one flipped bit
 * kept it in a loop. Whether the rows are the right ones, and of these columns, is for their content digest to say.
 */

const MAGIC = "ARROW1"
/** The magic, padded to the alignment of all that follows. */
const START = 8
const CONTINUATION = 0xffffffff
/** The continuation marker and the length of a message's metadata. */
const PREFIX = 8
/** Of a file's end: the length of its footer, and the magic again. */
const END = 4 + MAGIC.length

/** Footer fields by their numbers in Arrow's `File.fbs`, `Message.fbs`; a `Block` is an offset and two lengths. */
const FOOTER = { dictionaries: 2, recordBatches: 3 }
const MESSAGE = { headerType: 1, header: 2, bodyLength: 3 }
const BATCH = { length: 0, nodes: 1, buffers: 2, compression: 3 }
const RECORD_BATCH = 3
const PAIR = 16

interface Block {
  readonly metadata: DataView
  readonly body: Uint8Array
}

/** The footer of a file, and how many bytes lie before it; throws for what is no whole Arrow file. */
export const footerOf = (bytes: Uint8Array): { readonly footer: DataView; readonly room: number } => {
  const text = (start: number) => Buffer.from(bytes.buffer, bytes.byteOffset + start, MAGIC.length).toString("latin1")
  expect(
    bytes.length >= START + END && text(0) === MAGIC && text(bytes.length - MAGIC.length) === MAGIC,
    () => `its ${bytes.length} bytes are no whole Arrow file`
  )
  const end = bytes.length - END
  const length = viewOf(bytes, end, 4).getInt32(0, true)
  expect(length > 0 && length <= end - START, () => `its footer has ${length} bytes of ${end - START}`)
  return { footer: viewOf(bytes, end - length, length), room: end - length }
}

const onlyBlock = (bytes: Uint8Array): Block => {
  const { footer, room } = footerOf(bytes)
  const table = root(footer)
  vectorAt(footer, table, FOOTER.dictionaries, 0, "dictionaries")
  const block = vectorAt(footer, table, FOOTER.recordBatches, 1, "record batches")
  const offset = longAt(footer, block, room, "the batch's offset")
  const metadataLength = footer.getInt32(block + 8, true)
  const bodyLength = longAt(footer, block + 16, room, "the batch's length")
  expect(
    offset >= START && metadataLength > PREFIX && offset + metadataLength + bodyLength <= room,
    () => `its batch lies at ${offset}, with ${metadataLength} and ${bodyLength} bytes, of ${room}`
  )
  const prefix = viewOf(bytes, offset, PREFIX)
  expect(
    prefix.getUint32(0, true) === CONTINUATION && prefix.getInt32(4, true) === metadataLength - PREFIX,
    () => "its batch does not begin where its footer says"
  )
  const start = offset + metadataLength
  return {
    metadata: viewOf(bytes, offset + PREFIX, metadataLength - PREFIX),
    body: bytes.subarray(start, start + bodyLength)
  }
}

const TYPES = { uint8: Uint8Array, float32: Float32Array, int32: Int32Array, float64: Float64Array }

/** So many numbers from the start of a buffer: a view where it is aligned, else a copy. */
const numbers = <D extends keyof typeof TYPES>(dtype: D, buffer: Uint8Array, count: number, name: string) => {
  const Type = TYPES[dtype]
  const length = count * Type.BYTES_PER_ELEMENT
  expect(length <= buffer.length, () => `column ${name} has ${buffer.length} bytes, not ${length}`)
  const isAligned = buffer.byteOffset % Type.BYTES_PER_ELEMENT === 0
  const from = isAligned ? buffer : buffer.slice(0, length)
  return new Type(from.buffer as ArrayBuffer, from.byteOffset, count) as InstanceType<(typeof TYPES)[D]>
}

/** Where the texts of a column begin and end: each after the other, within the text. */
const offsetsOf = (name: string, rows: number, offsets: Uint8Array, text: Uint8Array): Int32Array => {
  const at = numbers("int32", offsets, rows + 1, name)
  let start = at[0] ?? -1
  expect(start >= 0, () => `column ${name} has a text at ${start}`)
  for (let row = 1; row <= rows; row++) {
    const end = at[row] ?? -1
    expect(start <= end && end <= text.length, () => `column ${name} has a text at ${start} to ${end}`)
    start = end
  }
  return at
}

const textOf = (name: string, rows: number, offsets: Uint8Array, text: Uint8Array): ReadonlyArray<string> => {
  const at = offsetsOf(name, rows, offsets, text)
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
  return Array.from({ length: rows }, (_, row) => decoder.decode(text.subarray(at[row], at[row + 1])))
}

/** The buffers of a column, validity apart: of numbers one, of text its offsets and its bytes. */
interface Layout {
  /** Lengths of the column's nodes: its own, and its cells' numbers'. */
  readonly nodes: ReadonlyArray<number>
  readonly validities: number
  readonly data: number
}

const layoutOf = (name: string, column: Column, shape: ReadonlyArray<number>, rows: number): Layout => {
  if (column === "utf8") return { nodes: [rows], validities: 1, data: 2 }
  if (typeof column === "string") return { nodes: [rows], validities: 1, data: 1 }
  const count = rows * cellSize(shape)
  expect(Number.isSafeInteger(count) && count >= 0, () => `column ${name} has cells of [${shape.join(", ")}]`)
  return { nodes: [rows, count], validities: 2, data: 1 }
}

/** A column of a file's only batch, with the buffers that hold its values: of numbers one, of text its offsets and its bytes. */
interface Placed {
  readonly name: string
  readonly column: Column
  /** So many numbers, or texts. */
  readonly count: number
  readonly first: Uint8Array
  readonly second: Uint8Array
}

const NOTHING = new Uint8Array()

type Shapes = Readonly<Record<string, ReadonlyArray<number>>>

/** The columns of the file's only batch, each compared with what it must be: their number, their rows and cells, where they lie. */
const placedIn = (columns: Columns, shapes: Shapes, rows: number, bytes: Verified): ReadonlyArray<Placed> => {
  const { metadata, body } = onlyBlock(bytes)
  const message = root(metadata)
  const type = metadata.getUint8(required(fieldAt(metadata, message, MESSAGE.headerType), "message type"))
  expect(type === RECORD_BATCH, () => `its batch is a message of type ${type}`)
  const length = longAt(
    metadata,
    required(fieldAt(metadata, message, MESSAGE.bodyLength), "body length"),
    body.length,
    "the body's length"
  )
  expect(length === body.length, () => `its body has ${length} bytes, not ${body.length}`)
  const batch = follow(metadata, required(fieldAt(metadata, message, MESSAGE.header), "record batch"))
  expect(fieldAt(metadata, batch, BATCH.compression) === null, () => "it is compressed")
  const most = Number.MAX_SAFE_INTEGER
  const found = longAt(metadata, required(fieldAt(metadata, batch, BATCH.length), "length"), most, "the length")
  expect(found === rows, () => `it has ${found} rows, not ${rows}`)

  const layouts = Object.entries(columns).map(
    ([name, column]) => [name, column, layoutOf(name, column, shapes[name] ?? [], rows)] as const
  )
  const nodes = layouts.flatMap(([, , { nodes: own }]) => own)
  const firstNode = vectorAt(metadata, batch, BATCH.nodes, nodes.length, "columns and cells")
  for (const [index, wanted] of nodes.entries()) {
    const at = firstNode + index * PAIR
    const own = longAt(metadata, at, most, "a column's length")
    const nulls = longAt(metadata, at + 8, most, "a column's nulls")
    expect(own === wanted && nulls === 0, () => `a column has ${own} values and ${nulls} nulls, not ${wanted} and none`)
  }
  const count = layouts.reduce((sum, [, , { validities, data }]) => sum + validities + data, 0)
  let next = vectorAt(metadata, batch, BATCH.buffers, count, "buffers")
  const buffer = (): Uint8Array => {
    const start = longAt(metadata, next, body.length, "a buffer's offset")
    const size = longAt(metadata, next + 8, body.length - start, "a buffer's length")
    next += PAIR
    return body.subarray(start, start + size)
  }
  return layouts.map(
    ([
      name,
      column,
      {
        nodes: [, count = rows],
        validities,
        data
      }
    ]) => {
      for (let skipped = 0; skipped < validities; skipped++) buffer()
      return { name, column, count, first: buffer(), second: data > 1 ? buffer() : NOTHING }
    }
  )
}

const dtypeOf = (column: Exclude<Column, "utf8">) => (typeof column === "string" ? column : column.dtype)

/** The file's only batch. Typed arrays are views of `bytes` wherever they are aligned. Throws a `Mismatch` or a `RangeError`. */
export const decode = (columns: Columns, shapes: Shapes, rows: number, bytes: Verified): AnyBatch => {
  const read = placedIn(columns, shapes, rows, bytes).map(
    ({ name, column, count, first, second }): [string, AnyValues] => {
      if (column === "utf8") return [name, textOf(name, rows, first, second)]
      if (typeof column === "string") return [name, numbers(column, first, count, name)]
      return [name, { shape: shapes[name] ?? [], data: numbers(column.dtype, first, count, name) }]
    }
  )
  return { rows, columns: Object.fromEntries(read) }
}

/** Throws what `decode` would, for a file that it cannot read, and makes no values: that takes no longer with more rows of numbers. */
export const check = (columns: Columns, shapes: Shapes, rows: number, bytes: Verified): void => {
  for (const { name, column, count, first, second } of placedIn(columns, shapes, rows, bytes)) {
    if (column === "utf8") offsetsOf(name, rows, first, second)
    else numbers(dtypeOf(column), first, count, name)
  }
}
