import { type AnyValues, type Column, cellSize, HOLDERS, isTensor } from "./Column.ts"

// What is asked of the values of a column, whatever that holds.

/** How many cells there are. */
export const lengthOf = (values: AnyValues): number =>
  isTensor(values) ? values.data.length / cellSize(values.shape) : values.length

/** Whether values are held as the column says. */
export const isOf = (column: Column, values: AnyValues): boolean => {
  if (column === "utf8") return Array.isArray(values)
  if (typeof column === "string") return values instanceof HOLDERS[column]
  return isTensor(values) && values.data instanceof HOLDERS[column.dtype]
}
