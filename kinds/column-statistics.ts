import { type AnyBatch, isTensor } from "../artifacts/Column.ts"

/** What a column's values look like, over the rows that were read. Times and counts are of values, not of rows. */
export interface ColumnStatistics {
  readonly column: string
  readonly values: number
  readonly min: number | null
  readonly max: number | null
  readonly mean: number | null
  readonly deviation: number | null
  /** Share of zeros: how sparse features are. */
  readonly zeros: number | null
  /** Distinct values and how often they occur, where there are few. */
  readonly counts: Readonly<Record<string, number>> | null
}

/** Sums over the differences to one of the values: the squares of large ones, such as times, leave no digits for their spread. */
interface Sums {
  values: number
  min: number
  max: number
  origin: number
  sum: number
  squares: number
  zeros: number
}

const MOST_DISTINCT = 100

const addNumbers = (sums: Sums, data: ArrayLike<number>): void => {
  let { min, max, origin, sum, squares, zeros } = sums
  const first = data[0] ?? 0
  if (sums.values === 0 && Number.isFinite(first)) origin = first
  for (let index = 0; index < data.length; index++) {
    const value = data[index] as number
    if (value < min) min = value
    if (value > max) max = value
    if (value === 0) zeros++
    sum += value - origin
    squares += (value - origin) ** 2
  }
  Object.assign(sums, { values: sums.values + data.length, min, max, origin, sum, squares, zeros })
}

const addDistinct = (counts: Map<string, number>, values: ArrayLike<unknown>): void => {
  for (let index = 0; index < values.length && counts.size <= MOST_DISTINCT; index++) {
    const text = String(values[index])
    counts.set(text, (counts.get(text) ?? 0) + 1)
  }
}

const ofColumn = (column: string, batches: ReadonlyArray<AnyBatch>): ColumnStatistics => {
  const sums: Sums = {
    values: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    origin: 0,
    sum: 0,
    squares: 0,
    zeros: 0
  }
  const counts = new Map<string, number>()
  let countable = true
  for (const batch of batches) {
    const values = batch.columns[column]
    if (values === undefined) continue
    if (isTensor(values)) {
      countable = false
      addNumbers(sums, values.data)
    } else {
      addDistinct(counts, values)
      if (!Array.isArray(values)) addNumbers(sums, values as Int32Array)
    }
  }
  const apart = sums.sum / sums.values
  return {
    column,
    values: sums.values,
    min: sums.values === 0 ? null : sums.min,
    max: sums.values === 0 ? null : sums.max,
    mean: sums.values === 0 ? null : sums.origin + apart,
    deviation: sums.values === 0 ? null : Math.sqrt(Math.max(0, sums.squares / sums.values - apart * apart)),
    zeros: sums.values === 0 || countable ? null : sums.zeros / sums.values,
    counts: countable && counts.size > 0 && counts.size <= MOST_DISTINCT ? Object.fromEntries(counts) : null
  }
}

export const columnStatistics = (
  columns: ReadonlyArray<string>,
  batches: ReadonlyArray<AnyBatch>
): ReadonlyArray<ColumnStatistics> => columns.map((column) => ofColumn(column, batches))
