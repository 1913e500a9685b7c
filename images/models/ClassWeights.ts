/**
 * What the rows of each class count where classes are of uneven size.
 *
 * @module
 */
/** Labels by row, which of the rows are trained on, and how many classes there are. */
interface Labelled {
  readonly labels: Int32Array
  readonly training: Int32Array
  readonly classes: number
}

/**
 * As scikit-learn's "balanced": rows / (classes * rows of the class), of those that are trained on. So all rows together count what
 * they did before.
 */
export const balanced = ({ labels, training, classes }: Labelled): ReadonlyArray<number> => {
  const counts = new Array<number>(classes).fill(0)
  for (const image of training) {
    const label = labels[image] ?? 0
    counts[label] = (counts[label] ?? 0) + 1
  }
  return counts.map((count) => training.length / (classes * count))
}
