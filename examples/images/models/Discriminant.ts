/** What is known of classes after some rows of features: how many rows there were of each, the sums of their features, and those of all squares. */
export interface Tally {
  readonly rows: Float64Array
  /** Row-major [classes, features]. */
  readonly sums: Float64Array
  /** Of the rows of all classes: [features]. */
  readonly squares: Float64Array
}

export const empty = (classes: number, features: number): Tally => ({
  rows: new Float64Array(classes),
  sums: new Float64Array(classes * features),
  squares: new Float64Array(features)
})

const increase = (numbers: Float64Array, at: number, by: number): void => {
  numbers[at] = (numbers[at] ?? 0) + by
}

/** Adds rows of features, row-major [rows, features], to a tally. */
export const add = ({ rows, sums, squares }: Tally, features: Float32Array, labels: Int32Array): void => {
  const width = squares.length
  labels.forEach((label, row) => {
    increase(rows, label, 1)
    for (let at = 0; at < width; at++) {
      const value = features[row * width + at] ?? 0
      increase(sums, label * width + at, value)
      increase(squares, at, value * value)
    }
  })
}

/** The mean of every class, and the variance of every feature within the classes. */
const estimates = ({ rows, sums, squares }: Tally) => {
  const width = squares.length
  const means = sums.map((sum, at) => sum / Math.max(rows[Math.floor(at / width)] ?? 0, 1))
  const all = rows.reduce((sum, count) => sum + count, 0)
  const variances = squares.map((square, at) => {
    const explained = rows.reduce((sum, count, label) => sum + count * (means[label * width + at] ?? 0) ** 2, 0)
    return Math.max(square - explained, 0) / Math.max(all, 1)
  })
  return { means, variances }
}

/**
 * Linear discriminant analysis with a diagonal covariance (Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 18.2), as a
 * dense layer: kernel [features, classes] and bias [classes] of the logits. `shrinkage` draws the variance of every feature towards their
 * mean, so that one that hardly varies does not decide alone; with 1 the nearest mean is chosen.
 */
export const dense = (tally: Tally, shrinkage: number) => {
  const classes = tally.rows.length
  const width = tally.squares.length
  const { means, variances } = estimates(tally)
  const meanVariance = variances.reduce((sum, each) => sum + each, 0) / width
  const kernel = new Float32Array(width * classes)
  const bias = new Float32Array(classes)
  means.forEach((mean, index) => {
    const [label, at] = [Math.floor(index / width), index % width]
    const variance = (1 - shrinkage) * (variances[at] ?? 0) + shrinkage * meanVariance
    kernel[at * classes + label] = mean / variance
    bias[label] = (bias[label] ?? 0) - mean ** 2 / variance / 2
  })
  return { kernel, bias }
}
