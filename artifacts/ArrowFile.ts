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
  tableToIPC,
  Uint8,
  Utf8,
  vectorFromArray
} from "apache-arrow"
import { type AnyBatch, type AnyValues, type Column, type Columns, cellSize, isTensor, type Tensor } from "./Column.ts"

/**
 * One Arrow IPC file of one record batch. A tensor is a `FixedSizeList` marked as the canonical extension type
 * `arrow.fixed_shape_tensor`, so that pyarrow sees the shape; metadata is sorted, so that equal tables are equal bytes.
 * This module alone imports apache-arrow; it is loaded when a table is first written. `ArrowReader` reads what is written here.
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
