import type { Decoded } from "../services/Decoded.ts"

/** Cells along a side, and values of a thumbnail: mean red, green and blue of each cell, row-major. */
const cells = 8
const size = cells * cells * 3

/** Nearly equal: no value differs by more, of 255, */
const tolerance = 40
/** nor their squared differences by more than this share of the squared contrast of either: fog is not like fog. */
const mostDiffering = 0.08
/** Width of a bucket of quadrants: nearly equal are also only images whose quadrants' means lie in one or side by side. */
const bucket = 8
/** An image is compared with this many at most, so that thousands of like ones (all white) cost no square of their number. */
const mostCompared = 1_024

/** An image reduced to 8x8 mean colours, whatever its size. */
export interface Thumbnail {
  readonly values: Uint8Array
  /** Summed squares of the differences from its mean: how much there is to see in it. */
  readonly contrast: number
}

export const of = (image: Decoded): Thumbnail => {
  const values = valuesOf(image)
  const mean = values.reduce((sum, value) => sum + value, 0) / size
  return { values, contrast: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) }
}

const valuesOf = ({ width, height, data }: Decoded): Uint8Array => {
  const thumbnail = new Uint8Array(size)
  for (let row = 0; row < cells; row++) {
    const top = Math.floor((row * height) / cells)
    const bottom = Math.max(top + 1, Math.floor(((row + 1) * height) / cells))
    for (let column = 0; column < cells; column++) {
      const left = Math.floor((column * width) / cells)
      const right = Math.max(left + 1, Math.floor(((column + 1) * width) / cells))
      let [red, green, blue] = [0, 0, 0]
      for (let y = top; y < bottom; y++) {
        for (let at = (y * width + left) * 3; at < (y * width + right) * 3; at += 3) {
          red += data[at] as number
          green += data[at + 1] as number
          blue += data[at + 2] as number
        }
      }
      const pixels = (bottom - top) * (right - left)
      thumbnail.set(
        [Math.round(red / pixels), Math.round(green / pixels), Math.round(blue / pixels)],
        (row * cells + column) * 3
      )
    }
  }
  return thumbnail
}

/** Thumbnails by the mean grey of their four quadrants. */
export interface Index<A> {
  readonly buckets: Map<number, Array<{ readonly thumbnail: Thumbnail; readonly of: A }>>
}

export const empty = <A>(): Index<A> => ({ buckets: new Map() })

/** The bucket of each quadrant. */
const quadrantsOf = ({ values }: Thumbnail): ReadonlyArray<number> => {
  const sums = [0, 0, 0, 0]
  values.forEach((value, at) => {
    const cell = Math.floor(at / 3)
    const quadrant = (cell >= size / 6 ? 2 : 0) + (cell % cells >= cells / 2 ? 1 : 0)
    sums[quadrant] = (sums[quadrant] ?? 0) + value
  })
  return sums.map((sum) => Math.floor(sum / (size / 4) / bucket))
}

const keyOf = (quadrants: ReadonlyArray<number>): number => quadrants.reduce((key, value) => key * 64 + value + 1, 0)

const isNear = (one: Thumbnail, other: Thumbnail): boolean => {
  let differing = 0
  for (let at = 0; at < size; at++) {
    const difference = Math.abs((one.values[at] as number) - (other.values[at] as number))
    if (difference > tolerance) return false
    differing += difference ** 2
  }
  return differing <= mostDiffering * Math.min(one.contrast, other.contrast)
}

/** Every step to a bucket beside another, or to itself, as a difference of keys. */
const steps = Array.from({ length: 3 ** 4 }, (_, index) =>
  [27, 9, 3, 1].reduce((key, power) => key * 64 + ((Math.floor(index / power) % 3) - 1), 0)
)

/** The first that was added of those that are nearly equal and fulfil a condition; undefined where there is none. */
export const nearest = <A>(index: Index<A>, thumbnail: Thumbnail, fulfils: (of: A) => boolean): A | undefined => {
  const key = keyOf(quadrantsOf(thumbnail))
  let compared = 0
  for (const step of steps) {
    for (const other of index.buckets.get(key + step) ?? []) {
      if (!fulfils(other.of)) continue
      if (isNear(thumbnail, other.thumbnail)) return other.of
      if (++compared === mostCompared) return undefined
    }
  }
  return undefined
}

export const add = <A>(index: Index<A>, thumbnail: Thumbnail, of: A): void => {
  const key = keyOf(quadrantsOf(thumbnail))
  const held = index.buckets.get(key)
  if (held === undefined) index.buckets.set(key, [{ thumbnail, of }])
  else held.push({ thumbnail, of })
}
