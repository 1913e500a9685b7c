/** Where something lies in one dimension: a number, or a category that is either the same or another. */
export type Coordinate = number | string
export type Place = ReadonlyArray<Coordinate>

/** How alike the values at two places are. */
interface Kernel {
  /** By dimension, how far apart values still have to do with each other. */
  readonly scales: ReadonlyArray<number>
  /** What of a value is chance, as a share of how much values differ. */
  readonly noise: number
}

/** The scales and the noise from which those under which the values are likeliest are chosen. */
const SCALES = [0.6, 0.3, 1.2, 4]
const NOISES = [0.1, 0.02]
/** Each dimension's scale is chosen so often, given those of the others. */
const SWEEPS = 2

const distance = (one: Coordinate, other: Coordinate): number =>
  typeof one === "number" && typeof other === "number" ? one - other : one === other ? 0 : 1

/** Matérn's with 5/2 degrees of smoothness (Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, 4.17). */
const likeness = ({ scales }: Kernel, one: Place, other: Place): number => {
  let squares = 0
  for (let at = 0; at < scales.length; at++)
    squares += (distance(one[at] ?? 0, other[at] ?? 0) / (scales[at] ?? 1)) ** 2
  const far = Math.sqrt(5 * squares)
  return (1 + far + far ** 2 / 3) * Math.exp(-far)
}

type Row = Array<number>

/** The product of two rows, as far as the shorter goes. */
const dot = (one: Row, other: Row): number => {
  const length = Math.min(one.length, other.length)
  let sum = 0
  for (let at = 0; at < length; at++) sum += (one[at] as number) * (other[at] as number)
  return sum
}

/** What comes of a column once the triangle of these rows is taken out of it: the solution of `rows * x = column`. */
const solved = (rows: ReadonlyArray<Row>, column: (at: number) => number): Row => {
  const found: Row = []
  for (const [at, row] of rows.entries()) found.push((column(at) - dot(found, row)) / (row[at] as number))
  return found
}

/** Values at places, under a kernel (Rasmussen and Williams, algorithm 2.1). */
interface Process {
  readonly kernel: Kernel
  readonly places: ReadonlyArray<Place>
  readonly mean: number
  /** The Cholesky factor of the places' likeness, row by row. */
  readonly rows: ReadonlyArray<Row>
  /** The values less their mean, solved by the rows. */
  readonly values: Row
  /** The variance of values where none is known. */
  readonly variance: number
  /** The logarithm of how likely the values are, but for a constant. */
  readonly likelihood: number
}

const process = (places: ReadonlyArray<Place>, values: ReadonlyArray<number>, kernel: Kernel): Process => {
  const rows: Array<Row> = []
  for (const place of places) {
    const row = solved(rows, (at) => likeness(kernel, place, places[at] as Place))
    row.push(Math.sqrt(1 + kernel.noise - dot(row, row)))
    rows.push(row)
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const rest = solved(rows, (at) => (values[at] as number) - mean)
  const variance = dot(rest, rest) / values.length
  const volume = rows.reduce((sum, row, at) => sum + Math.log(row[at] as number), 0)
  return {
    kernel,
    places,
    mean,
    rows,
    values: rest,
    variance,
    likelihood: -0.5 * values.length * Math.log(variance) - volume
  }
}

/** The process under which values are likeliest, of the kernels that are looked at dimension by dimension. */
const likeliest = (places: ReadonlyArray<Place>, values: ReadonlyArray<number>): Process => {
  const dimensions = places[0]?.length ?? 0
  let best = process(places, values, {
    scales: new Array<number>(dimensions).fill(SCALES[0] as number),
    noise: NOISES[0] as number
  })
  const consider = (kernel: Kernel) => {
    const other = process(places, values, kernel)
    if (other.likelihood > best.likelihood) best = other
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let dimension = 0; dimension < dimensions; dimension++) {
      const { kernel } = best
      for (const scale of SCALES)
        if (scale !== kernel.scales[dimension]) consider({ ...kernel, scales: kernel.scales.with(dimension, scale) })
    }
    const { kernel } = best
    for (const noise of NOISES) if (noise !== kernel.noise) consider({ ...kernel, noise })
  }
  return best
}

/** What is thought of the values at some places. */
export interface Beliefs {
  readonly means: ReadonlyArray<number>
  /** How far the value at a place may well be from its mean: a standard deviation. */
  readonly deviation: (at: number) => number
  /** Takes the value at a place for known to be what is expected there, so that no more is to be learned beside it. */
  readonly take: (at: number) => void
}

/**
 * What values at some places are, given those at others: a Gaussian process, whose kernel is the one under which the given values are
 * likeliest. The same for the same places and values. At least one must be given, and not all may be equal.
 */
export const beliefs = (
  given: { readonly places: ReadonlyArray<Place>; readonly values: ReadonlyArray<number> },
  wanted: ReadonlyArray<Place>
): Beliefs => {
  const { kernel, places, mean, rows, values, variance } = likeliest(given.places, given.values)
  const columns = wanted.map((place) => solved(rows, (at) => likeness(kernel, place, places[at] as Place)))
  return {
    means: columns.map((column) => mean + dot(column, values)),
    deviation: (at) => {
      const column = columns[at] as Row
      return Math.sqrt(Math.max(0, variance * (1 - dot(column, column))))
    },
    take: (taken) => {
      // one more row of the factor, by which every column grows by a number; what is as expected changes no mean
      const own = [...(columns[taken] as Row)]
      const end = Math.sqrt(1 + kernel.noise - dot(own, own))
      for (const [at, column] of columns.entries())
        column.push((likeness(kernel, wanted[at] as Place, wanted[taken] as Place) - dot(column, own)) / end)
    }
  }
}

/** The density of the normal distribution, and what of it lies below (Abramowitz and Stegun, 1964, 26.2.17: within 7.5e-8). */
const density = (at: number): number => Math.exp(-0.5 * at ** 2) / Math.sqrt(2 * Math.PI)
const below = (at: number): number => {
  const t = 1 / (1 + 0.2316419 * Math.abs(at))
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  const beyond = density(at) * series
  return at > 0 ? 1 - beyond : beyond
}

/** By how much a value is expected to exceed the best one, counting 0 where it does not (Jones, Schonlau and Welch, 1998). */
export const expectedImprovement = (mean: number, deviation: number, best: number): number => {
  if (deviation === 0) return Math.max(0, mean - best)
  const above = (mean - best) / deviation
  return deviation * (above * below(above) + density(above))
}

/** Where so much of the normal distribution lies below (Abramowitz and Stegun, 26.2.23: within 4.5e-4). */
const quantile = (share: number): number => {
  const tail = Math.min(share, 1 - share)
  const t = Math.sqrt(-2 * Math.log(tail))
  const far =
    t - (2.515517 + 0.802853 * t + 0.010328 * t ** 2) / (1 + 1.432788 * t + 0.189269 * t ** 2 + 0.001308 * t ** 3)
  return share < 0.5 ? -far : far
}

/**
 * What numbers become if their order alone counts: normally distributed, equal ones equal. No number is so far off that it hides how the
 * others differ.
 */
export const normalScores = (numbers: ReadonlyArray<number>): ReadonlyArray<number> => {
  const sorted = numbers.toSorted((one, other) => one - other)
  const first = new Map<number, number>()
  const count = new Map<number, number>()
  for (const [at, number] of sorted.entries()) {
    if (!first.has(number)) first.set(number, at)
    count.set(number, (count.get(number) ?? 0) + 1)
  }
  return numbers.map((number) => {
    const rank = (first.get(number) ?? 0) + (count.get(number) ?? 0) / 2
    return quantile(rank / numbers.length)
  })
}
