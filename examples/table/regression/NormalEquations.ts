/** The sums that least squares need of any number of observations: `X'X` row by row, and `X'y`. */
export interface NormalEquations {
  readonly products: Float64Array
  readonly targets: Float64Array
}

/** Of no observation yet, of `size` features each. */
export const none = (size: number): NormalEquations => ({
  products: new Float64Array(size * size),
  targets: new Float64Array(size)
})

/** With one more observation: changes the sums in place, and gives them back. */
export const add = (sums: NormalEquations, features: ArrayLike<number>, target: number): NormalEquations => {
  const { products, targets } = sums
  for (let row = 0; row < targets.length; row++) {
    const feature = features[row] ?? 0
    targets[row] = (targets[row] ?? 0) + feature * target
    for (let column = 0; column < targets.length; column++) {
      const at = row * targets.length + column
      products[at] = (products[at] ?? 0) + feature * (features[column] ?? 0)
    }
  }
  return sums
}

/** A pivot below this share of its column's sum of squares is none: what is left of it are errors of rounding. */
const LEAST_PIVOT = 1e-10

/**
 * The coefficients of least squares, by Gauss-Jordan elimination; null where a feature is a linear combination of others.
 * `ridge` is added to the diagonal, except for the first feature, which is taken to be the constant 1.
 */
export const solve = ({ products, targets }: NormalEquations, ridge: number): ReadonlyArray<number> | null => {
  const size = targets.length
  const diagonal = Array.from(targets, (_, at) => (products[at * size + at] ?? 0) + (at === 0 ? 0 : ridge))
  let rows = Array.from(targets, (target, at) => {
    const row = [...products.subarray(at * size, (at + 1) * size), target]
    row[at] = diagonal[at] ?? 0
    return row
  })
  // X'X is positive semi-definite, so that the diagonal has its largest values: no rows have to be exchanged
  for (const [at, scale] of diagonal.entries()) {
    const pivot = rows[at]?.[at] ?? 0
    if (!(pivot > LEAST_PIVOT * scale)) return null
    const pivotRow = (rows[at] ?? []).map((value) => value / pivot)
    rows = rows.map((row, other) =>
      other === at ? pivotRow : row.map((value, column) => value - (row[at] ?? 0) * (pivotRow[column] ?? 0))
    )
  }
  return rows.map((row) => row[size] ?? 0)
}
