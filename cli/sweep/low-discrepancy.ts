import * as Random from "../../api/random.ts"

/** The positive solution of x^(dimensions + 1) = x + 1: the golden ratio for one dimension, the plastic number for two. */
const ratioOf = (dimensions: number): number => {
  let ratio = 2
  // a contraction, which is exact to the last bit after some thirty rounds
  for (let round = 0; round < 64; round++) ratio = (1 + ratio) ** (1 / (dimensions + 1))
  return ratio
}

/**
 * A sequence of points in [0, 1) of so many dimensions that fills them evenly from its start on, each a function of its number alone: the
 * additive recurrence R of Roberts ("The unreasonable effectiveness of quasirandom sequences", 2018), shifted by what `draw` gives.
 */
export const lowDiscrepancy = (dimensions: number, draw: number): ((at: number) => ReadonlyArray<number>) => {
  const ratio = ratioOf(dimensions)
  const axes = Array.from({ length: dimensions }, (_, axis) => {
    const [word = 0] = Random.words({ seed: draw, purpose: "tune", epoch: 0, step: axis }, 1)
    return { shift: word / 2 ** 32, step: ratio ** -(axis + 1) }
  })
  return (at) => axes.map(({ shift, step }) => (shift + at * step) % 1)
}
