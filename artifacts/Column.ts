/**
 * The columns of a table, and what rows and batches of them are in memory.
 *
 * @module
 */
/** A column whose cells are arrays of one shape and one type of number. */
export interface Tensor<Shape extends ReadonlyArray<number>, Dtype extends "uint8" | "float32"> {
  readonly shape: Shape
  readonly dtype: Dtype
}

/** What a column of a table holds: tensors, whole numbers, numbers or texts. */
export type Column = Tensor<ReadonlyArray<number>, "uint8" | "float32"> | "int32" | "float64" | "utf8"
/** The columns of a table by their names. */
export type Columns = Readonly<Record<string, Column>>

/** A dimension that a parameter or the data decides: it is checked when a pipeline is built, or before a node starts. */
export const open: number = -1

/**
 * A column of tensors: cells of this shape, row-major, the same for every row of a table. A dimension that is a literal is part of
 * the type, so that wiring 32x32 images to a stage for 224x224 ones does not compile.
 *
 * @example
 * const columns = { image: Column.tensor([224, 224, 3], "uint8"), features: Column.tensor([Column.open], "float32") }
 */
export const tensor = <const S extends ReadonlyArray<number>, D extends "uint8" | "float32">(
  shape: S,
  dtype: D
): Tensor<S, D> => ({ shape, dtype })

/** The cells of a tensor column, one row after the other: `data.length = rows * product(shape)`. */
export interface TensorValues<Shape extends ReadonlyArray<number>, Data> {
  readonly shape: Shape
  readonly data: Data
}

/** What a batch holds of a column: the cells of all its rows. */
export type Values<C> =
  C extends Tensor<infer S, infer D>
    ? TensorValues<S, D extends "uint8" ? Uint8Array : Float32Array>
    : C extends "int32"
      ? Int32Array
      : C extends "float64"
        ? Float64Array
        : ReadonlyArray<string>

/** Consecutive rows of a table, by columns. */
export interface Batch<C extends Columns> {
  readonly rows: number
  readonly columns: { readonly [K in keyof C]: Values<C[K]> }
}

/** What one row has in a column. A tensor is a view of the cell in its batch, which must be left as it is. */
export type Cell<C> =
  C extends Tensor<infer S, infer D>
    ? TensorValues<S, D extends "uint8" ? Uint8Array : Float32Array>
    : C extends "utf8"
      ? string
      : number

/** One row of a table, by columns. */
export type Row<C extends Columns> = { readonly [K in keyof C]: Cell<C[K]> }

/** The values of a column that is known only at run time. */
export type AnyValues =
  | TensorValues<ReadonlyArray<number>, Uint8Array | Float32Array>
  | Int32Array
  | Float64Array
  | ReadonlyArray<string>
/** A batch whose columns are known only at run time. */
export interface AnyBatch {
  readonly rows: number
  readonly columns: Readonly<Record<string, AnyValues>>
}

/** The typed arrays that hold the numbers of a column, by the type of these. */
export const HOLDERS = { uint8: Uint8Array, float32: Float32Array, int32: Int32Array, float64: Float64Array }

/** Whether the values are those of a column of tensors. */
export const isTensor = (values: AnyValues): values is TensorValues<ReadonlyArray<number>, Uint8Array | Float32Array> =>
  "shape" in values

/** How many numbers a cell of this shape has. */
export const cellSize = (shape: ReadonlyArray<number>): number => shape.reduce((size, dimension) => size * dimension, 1)

/** The cells of a column by row; those of tensors are views. */
export const cellsOf = (values: AnyValues): ((row: number) => unknown) => {
  if (!isTensor(values)) return (row) => values[row]
  const { shape, data } = values
  const size = cellSize(shape)
  return (row) => ({ shape, data: data.subarray(row * size, (row + 1) * size) })
}

/** The rows of a batch as values of their own: for tables that are small enough to be written so. */
export const rows = <C extends Columns>(batch: Batch<C>): ReadonlyArray<Row<C>> => {
  const columns: AnyBatch["columns"] = batch.columns
  const cells = Object.entries(columns).map(([name, values]) => [name, cellsOf(values)] as const)
  return Array.from(
    { length: batch.rows },
    (_, row) => Object.fromEntries(cells.map(([name, cell]) => [name, cell(row)])) as Row<C>
  )
}

/** The rows of a batch from `start` up to `end`, which is left out. Typed arrays are views and no copies. */
export const slice = <B extends AnyBatch>(batch: B, start: number, end: number): B => {
  const cut = (values: AnyValues): AnyValues => {
    if (!isTensor(values))
      return values instanceof Int32Array || values instanceof Float64Array
        ? values.subarray(start, end)
        : values.slice(start, end)
    const size = cellSize(values.shape)
    return { shape: values.shape, data: values.data.subarray(start * size, end * size) }
  }
  const columns = Object.fromEntries(Object.entries(batch.columns).map(([name, values]) => [name, cut(values)]))
  return { rows: end - start, columns } as unknown as B
}

/** The same rows in memory of their own: whoever gave the batch may fill it anew. */
export const copy = <B extends AnyBatch>({ rows, columns }: B): B => {
  const copied = (values: AnyValues): AnyValues =>
    isTensor(values) ? { shape: values.shape, data: values.data.slice() } : values.slice()
  const own = Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, copied(values)]))
  return { rows, columns: own } as unknown as B
}

const concatArrays = (arrays: ReadonlyArray<AnyValues>): AnyValues => {
  const [first] = arrays
  if (first === undefined) return []
  if (Array.isArray(first)) return (arrays as ReadonlyArray<ReadonlyArray<string>>).flat()
  const parts = arrays as unknown as ReadonlyArray<Uint8Array>
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const joined = new (first.constructor as Uint8ArrayConstructor)(length)
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined as unknown as AnyValues
}

/** Joins batches, which must have the same columns and cell shapes, to one. */
export const concat = <B extends AnyBatch>(batches: readonly [B, ...ReadonlyArray<B>]): B => {
  const [first] = batches
  if (batches.length === 1) return first
  const columns = Object.fromEntries(
    Object.keys(first.columns).map((name) => {
      const values = batches.map((batch) => batch.columns[name] as AnyValues)
      const [head] = values
      if (head !== undefined && isTensor(head)) {
        const data = concatArrays(values.map((value) => (value as typeof head).data as unknown as AnyValues))
        return [name, { shape: head.shape, data }]
      }
      return [name, concatArrays(values)]
    })
  )
  return { rows: batches.reduce((sum, batch) => sum + batch.rows, 0), columns } as unknown as B
}
