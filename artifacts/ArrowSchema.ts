import { footerOf } from "./ArrowReader.ts"
import { type Column, type Columns, tensor } from "./Column.ts"
import { expect, fieldAt, follow, Mismatch, required, root } from "./FlatBuffer.ts"
import type { Verified } from "./Verified.ts"

/*
 * What an Arrow file says of its columns, for whoever checks tables whose stages are no longer there to say it. Everybody else knows
 * the columns before, and `ArrowReader` asks no file for them.
 */

/** Fields by their numbers in Arrow's `File.fbs` and `Schema.fbs`. */
const FOOTER_SCHEMA = 1
const SCHEMA_FIELDS = 1
const FIELD = { name: 0, typeType: 2, type: 3, children: 5 }
const LIST_SIZE = 0
const INT = { bitWidth: 0, isSigned: 1 }
const FLOAT_PRECISION = 0

const TYPE = { int: 2, float: 3, utf8: 5, fixedSizeList: 16 }
const PRECISION = { single: 1, double: 2 }

const textAt = (view: DataView, at: number): string => {
  const length = view.getUint32(at, true)
  expect(at + 4 + length <= view.byteLength, () => `a column's name has ${length} bytes, and they are not there`)
  return Buffer.from(view.buffer, view.byteOffset + at + 4, length).toString("utf8")
}

/** Where the tables of a vector are, one after the other. */
const tablesAt = (view: DataView, table: number, field: number, what: string): ReadonlyArray<number> => {
  const start = follow(view, required(fieldAt(view, table, field), what))
  const count = view.getUint32(start, true)
  expect(start + 4 + 4 * count <= view.byteLength, () => `it has ${count} ${what}, for which there is no room`)
  return Array.from({ length: count }, (_, at) => follow(view, start + 4 + 4 * at))
}

const byteAt = (view: DataView, at: number | null): number => (at === null ? 0 : view.getUint8(at))
/** The type of a field: which table tells it, and where that is. */
const typeOf = (view: DataView, field: number) => ({
  type: byteAt(view, fieldAt(view, field, FIELD.typeType)),
  table: follow(view, required(fieldAt(view, field, FIELD.type), "type of a column"))
})

/** What numbers a field has; null for one that has none that tables of Headrace have. */
const numberOf = (view: DataView, field: number): "uint8" | "int32" | "float32" | "float64" | null => {
  const { type, table } = typeOf(view, field)
  if (type === TYPE.int) {
    const bits = fieldAt(view, table, INT.bitWidth)
    const isSigned = byteAt(view, fieldAt(view, table, INT.isSigned)) === 1
    const width = bits === null ? 0 : view.getInt32(bits, true)
    return width === 8 && !isSigned ? "uint8" : width === 32 && isSigned ? "int32" : null
  }
  if (type !== TYPE.float) return null
  const at = fieldAt(view, table, FLOAT_PRECISION)
  const precision = at === null ? 0 : view.getInt16(at, true)
  return precision === PRECISION.single ? "float32" : precision === PRECISION.double ? "float64" : null
}

const columnOf = (view: DataView, field: number, name: string): Column => {
  const { type, table } = typeOf(view, field)
  if (type === TYPE.utf8) return "utf8"
  if (type === TYPE.fixedSizeList) {
    const [item, ...others] = tablesAt(view, field, FIELD.children, "cells")
    const dtype = item === undefined || others.length > 0 ? null : numberOf(view, item)
    const at = fieldAt(view, table, LIST_SIZE)
    // the shape is for the table's header to say, which the size of a cell must fit
    if (dtype === "uint8" || dtype === "float32") return tensor([at === null ? 0 : view.getInt32(at, true)], dtype)
  }
  const number = numberOf(view, field)
  if (number === "int32" || number === "float64") return number
  throw new Mismatch(`column ${name} is of a type that no table of Headrace has`)
}

/** The columns of a table's chunk, in their order. Of tensors the shape is the size of a cell alone. Throws a `Mismatch` or a `RangeError`. */
export const columnsOf = (bytes: Verified): Columns => {
  const { footer } = footerOf(bytes)
  const schema = follow(footer, required(fieldAt(footer, root(footer), FOOTER_SCHEMA), "schema"))
  return Object.fromEntries(
    tablesAt(footer, schema, SCHEMA_FIELDS, "columns").map((field) => {
      const name = textAt(footer, follow(footer, required(fieldAt(footer, field, FIELD.name), "name of a column")))
      return [name, columnOf(footer, field, name)]
    })
  )
}
