import * as Random from "../../api/random.ts"

/** So many prime numbers: the bases of as many dimensions. */
const primes = (count: number): ReadonlyArray<number> => {
  const found: Array<number> = []
  for (let candidate = 2; found.length < count; candidate++)
    if (found.every((prime) => candidate % prime !== 0)) found.push(candidate)
  return found
}

/** Digits of a place: as many as tell floats apart. */
const SIGNIFICANT = 2 ** 32

/**
 * A sequence of points in [0, 1) of so many dimensions that fills them evenly from its start on, each a function of its number alone:
 * Halton's, whose digits are permuted by what `draw` gives (Owen, "A randomized Halton algorithm in R", 2017). Any n points that follow
 * each other are spread over each dimension nearly as n equal distances would be.
 */
export const lowDiscrepancy = (dimensions: number, draw: number): ((at: number) => ReadonlyArray<number>) => {
  const axes = primes(dimensions).map((base, axis) => {
    const digits = Math.ceil(Math.log(SIGNIFICANT) / Math.log(base))
    const identity = Int32Array.from({ length: base }, (_, digit) => digit)
    return Array.from({ length: digits }, (_, position) =>
      Random.shuffle({ seed: draw, purpose: "tune", epoch: axis, step: position }, identity)
    )
  })
  return (at) =>
    axes.map((permutations) => {
      let [place, share, rest] = [0, 1, at]
      for (const permutation of permutations) {
        const base = permutation.length
        share /= base
        place += (permutation[rest % base] ?? 0) * share
        rest = Math.floor(rest / base)
      }
      return place
    })
}
