import {
  Schema as ArrowSchema,
  AsyncByteQueue,
  type Data,
  type DataType,
  Field,
  FixedSizeList,
  Float32,
  Float64,
  Int32,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Struct,
  Table,
  tableFromIPC,
  tableToIPC,
  Uint8,
  Utf8,
  vectorFromArray
} from "apache-arrow"
import { type AnyBatch, type AnyValues, type Column, type Columns, cellSize, isTensor, type Tensor } from "./Column.ts"

/**
 * One Arrow IPC file of one record batch. A tensor is a `FixedSizeList` marked as the canonical extension type
 * `arrow.fixed_shape_tensor`, so that pyarrow sees the shape; metadata is sorted, so that equal tables are equal bytes.
 * This module alone imports apache-arrow; it is loaded when a table is first read or written.
 */
const itemType = (dtype: "uint8" | "float32") => (dtype === "uint8" ? new Uint8() : new Float32())

/** Cell shapes of the tensor columns. */
type Shapes = Readonly<Record<string, ReadonlyArray<number>>>

const fieldOf = (name: string, column: Column, shape: ReadonlyArray<number>): Field => {
  if (typeof column !== "string") {
    const list = new FixedSizeList(cellSize(shape), new Field("item", itemType(column.dtype), true))
    return new Field(
      name,
      list,
      false,
      new Map([
        ["ARROW:extension:metadata", JSON.stringify({ shape })],
        ["ARROW:extension:name", "arrow.fixed_shape_tensor"]
      ])
    )
  }
  const type: DataType = column === "int32" ? new Int32() : column === "float64" ? new Float64() : new Utf8()
  return new Field(name, type, false)
}

const dataOf = (field: Field, column: Column, values: AnyValues, rows: number): Data => {
  if (isTensor(values)) {
    const tensor = column as Tensor<ReadonlyArray<number>, "uint8" | "float32">
    const child = makeData({
      type: itemType(tensor.dtype),
      length: values.data.length,
      nullCount: 0,
      data: values.data
    } as never)
    return makeData({ type: field.type as FixedSizeList, length: rows, nullCount: 0, child })
  }
  if (Array.isArray(values)) return vectorFromArray(values as Array<string>, new Utf8()).data[0] as Data
  return makeData({ type: field.type, length: rows, nullCount: 0, data: values } as never)
}

const schemaOf = (columns: Columns, shapes: Shapes, metadata: Readonly<Record<string, string>>): ArrowSchema => {
  const fields = Object.entries(columns).map(([name, column]) => fieldOf(name, column, shapes[name] ?? []))
  return new ArrowSchema(fields, new Map(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1))))
}

const recordBatch = (columns: Columns, schema: ArrowSchema, batch: AnyBatch): RecordBatch => {
  const children = schema.fields.map((field) =>
    dataOf(field, columns[field.name] as Column, batch.columns[field.name] as AnyValues, batch.rows)
  )
  const type = new Struct(schema.fields)
  return new RecordBatch(schema, makeData({ type, length: batch.rows, nullCount: 0, children }))
}

const shapesOf = (batch: AnyBatch): Shapes =>
  Object.fromEntries(
    Object.entries(batch.columns).map(([name, values]) => [name, isTensor(values) ? values.shape : []])
  )

export const encode = (columns: Columns, batch: AnyBatch, metadata: Readonly<Record<string, string>>): Uint8Array => {
  const schema = schemaOf(columns, shapesOf(batch), metadata)
  return tableToIPC(new Table(schema, [recordBatch(columns, schema, batch)]), "file")
}

/** Where a writer's bytes wait for whoever takes them, which is after every batch. */
class Written extends AsyncByteQueue<Uint8Array> {
  #pieces: Array<Uint8Array> = []
  override write(piece: Uint8Array) {
    this.#pieces.push(piece)
  }
  take(): ReadonlyArray<Uint8Array> {
    const pieces = this.#pieces
    this.#pieces = []
    return pieces
  }
}

/** An Arrow IPC file of any number of batches, as the pieces of bytes that each adds and those at the end. */
export const fileOf = (columns: Columns, shapes: Shapes, metadata: Readonly<Record<string, string>>) => {
  const schema = schemaOf(columns, shapes, metadata)
  const written = new Written()
  const writer = new RecordBatchFileWriter().reset(written, schema)
  return {
    add: (batch: AnyBatch): ReadonlyArray<Uint8Array> => {
      writer.write(recordBatch(columns, schema, batch))
      return written.take()
    },
    end: (): ReadonlyArray<Uint8Array> => {
      writer.close()
      return written.take()
    }
  }
}

/** Thrown by `decode`, and turned into an `ArtifactUnreadable` by its one caller. */
export class Mismatch extends Error {}

const expect = (ok: boolean, what: () => string): void => {
  if (!ok) throw new Mismatch(what())
}

const valuesOf = (name: string, column: Column, shape: ReadonlyArray<number>, data: Data, rows: number): AnyValues => {
  expect(
    data.length === rows && data.nullCount === 0,
    () => `column ${name} has ${data.length} rows and ${data.nullCount} nulls, not ${rows} and none`
  )
  if (column === "utf8") {
    const offsets = data.valueOffsets as Int32Array
    const text = new TextDecoder()
    return Array.from({ length: rows }, (_, row) =>
      text.decode((data.values as Uint8Array).subarray(offsets[row], offsets[row + 1]))
    )
  }
  if (typeof column === "string") {
    const ok = data.values instanceof (column === "int32" ? Int32Array : Float64Array) && data.values.length >= rows
    expect(ok, () => `column ${name} does not hold ${rows} values of ${column}`)
    return data.values.subarray(0, rows) as AnyValues
  }
  const size = cellSize(shape)
  const list = data.type as FixedSizeList
  expect(list.listSize === size, () => `column ${name} has cells of ${list.listSize}, not of ${size}`)
  const values = (data.children[0] as Data).values as Float32Array
  expect(
    values instanceof (column.dtype === "uint8" ? Uint8Array : Float32Array),
    () => `column ${name} does not hold ${column.dtype}`
  )
  expect(values.length >= rows * size, () => `column ${name} holds ${values.length} values, not ${rows * size}`)
  return { shape, data: values.subarray(0, rows * size) }
}

/** The file's only batch. Typed arrays are views of `bytes` wherever they are aligned. */
export const decode = (columns: Columns, shapes: Shapes, rows: number, bytes: Uint8Array): AnyBatch => {
  const table = tableFromIPC(bytes)
  const names = Object.keys(columns)
  const found = table.schema.fields.map((field) => field.name)
  expect(found.join() === names.join(), () => `it has the columns ${found.join(", ")}, not ${names.join(", ")}`)
  expect(
    table.batches.length === 1 && table.numRows === rows,
    () => `it has ${table.numRows} rows in ${table.batches.length} batches, not ${rows} in one`
  )
  const [batch] = table.batches
  const read = names.map((name, index) => {
    const data = batch?.data.children[index]
    expect(data !== undefined, () => `column ${name} has no data`)
    return [name, valuesOf(name, columns[name] as Column, shapes[name] ?? [], data as Data, rows)] as const
  })
  return { rows, columns: Object.fromEntries(read) }
}
