/** Mean of `n` values and their sample standard deviation, which one value has none of. */
export interface Spread {
  readonly n: number
  readonly mean: number
  readonly deviation: number | null
}

/** Expects a value at least. The deviation divides by n - 1: the values are a sample of all that seeds would give. */
export const spread = (values: ReadonlyArray<number>): Spread => {
  const n = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { n, mean, deviation: n < 2 ? null : Math.sqrt(squares / (n - 1)) }
}
