import { type AnyValues, type Column, cellSize, HOLDERS, type Tensor, type TensorValues } from "../artifacts/Column.ts"

/** A column of a batch that is filled with a cell a row, in order. */
export interface Filling {
  /** Throws `Refused` at a cell that the column does not hold. */
  readonly put: (row: number, cell: unknown) => void
  /** A cell of zeros in the memory of the batch, which `put` need not copy; null for a column that has none to give. */
  readonly room: ((row: number, shape: Shape) => AnyCell) | null
  readonly values: () => AnyValues
}

type Shape = ReadonlyArray<number>
type AnyCell = TensorValues<Shape, Uint8Array | Float32Array>

/** A cell that the column does not hold. */
export class Refused {
  readonly what: string
  readonly expected: string
  constructor(what: string, expected: string) {
    this.what = what
    this.expected = expected
  }
}

const shown = (cell: unknown): string =>
  typeof cell === "number" ? String(cell) : cell === undefined ? "missing" : `of type ${typeof cell}`

const numbers = (name: string, column: "int32" | "float64", rows: number): Filling => {
  const values = new HOLDERS[column](rows)
  const put = (row: number, cell: unknown): void => {
    // an Int32Array keeps the lower 32 bits of any number, and tells nobody
    if (typeof cell !== "number" || (column === "int32" && (cell | 0) !== cell))
      throw new Refused(`its ${name} is ${shown(cell)}`, column === "int32" ? "a whole number of 32 bits" : "a number")
    values[row] = cell
  }
  return { put, room: null, values: () => values }
}

const texts = (name: string): Filling => {
  const values: Array<string> = []
  const put = (_row: number, cell: unknown): void => {
    if (typeof cell !== "string") throw new Refused(`its ${name} is ${shown(cell)}`, "a string")
    values.push(cell)
  }
  return { put, room: null, values: () => values }
}

const isCell = (cell: unknown): cell is AnyCell =>
  typeof cell === "object" && cell !== null && "shape" in cell && Array.isArray(cell.shape) && "data" in cell

/** Whether a cell may have the shape; the dimensions that a column leaves open are negative. */
const fits = (wanted: Shape, found: Shape): boolean =>
  wanted === found || (wanted.length === found.length && wanted.every((size, axis) => size < 0 || size === found[axis]))

/** The first cell's shape is that of all: memory for the batch is had as soon as it is known. */
const tensors = (
  name: string,
  { dtype, shape: declared }: Tensor<Shape, "uint8" | "float32">,
  rows: number
): Filling => {
  const Holder = HOLDERS[dtype]
  let shape: Shape | null = null
  let size = 0
  let data = new Holder(0)
  /** The cell of this row that lies in the batch already. */
  let given: AnyCell["data"] | null = null
  const take = (found: Shape): void => {
    const wanted = shape ?? declared
    if (!fits(wanted, found)) {
      const known = wanted.map((each) => (each < 0 ? "any" : each)).join(", ")
      throw new Refused(
        `its ${name} has the shape [${found.join(", ")}]`,
        shape === null ? `[${known}]` : `[${known}], as in the rows before`
      )
    }
    if (shape !== null) return
    shape = found
    size = cellSize(found)
    data = new Holder(rows * size)
  }
  const room = (row: number, found: Shape): AnyCell => {
    take(found)
    given = data.subarray(row * size, (row + 1) * size)
    return { shape: found, data: given }
  }
  const put = (row: number, cell: unknown): void => {
    if (!isCell(cell) || !(cell.data instanceof Holder))
      throw new Refused(
        `its ${name} is ${isCell(cell) ? "of other numbers" : shown(cell)}`,
        `{ shape, data } of ${Holder.name}`
      )
    const wanted = cellSize(cell.shape)
    if (cell.data.length !== wanted)
      throw new Refused(
        `its ${name} has ${cell.data.length} numbers`,
        `${wanted}, for the shape [${cell.shape.join(", ")}]`
      )
    take(cell.shape)
    if (cell.data !== given) data.set(cell.data, row * size)
    given = null
  }
  return { put, room, values: () => ({ shape: shape ?? declared, data }) }
}

/** Room for `rows` rows of a column. */
export const make = (name: string, column: Column, rows: number): Filling => {
  if (column === "utf8") return texts(name)
  return typeof column === "string" ? numbers(name, column, rows) : tensors(name, column, rows)
}
