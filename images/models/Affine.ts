/**
 * Affine maps of images, and the one resampling that carries a map out. Translations, rotations and enlargements are
 * composed before, so that an image is interpolated once.
 *
 * @module
 */
/**
 * Affine maps of images from where a pixel goes to where its value comes from, as TensorFlow's ImageProjectiveTransformV3
 * has them: (x, y) to (a0 x + a1 y + a2, b0 x + b1 y + b2), in pixels, whose centres are the whole numbers.
 */
export type Affine = readonly [a0: number, a1: number, a2: number, b0: number, b1: number, b2: number]

/** The size of an image in pixels. */
export type Size = readonly [height: number, width: number]

/** First `one`, then `next`. */
const then = ([p0, p1, p2, q0, q1, q2]: Affine, [a0, a1, a2, b0, b1, b2]: Affine): Affine => [
  a0 * p0 + a1 * q0,
  a0 * p1 + a1 * q1,
  a0 * p2 + a1 * q2 + a2,
  b0 * p0 + b1 * q0,
  b0 * p1 + b1 * q1,
  b0 * p2 + b1 * q2 + b2
]

/** The map that first goes by `first`, from there by the next one, and so on. */
export const compose = (first: Affine, ...others: ReadonlyArray<Affine>): Affine => others.reduce(then, first)

/** The map that leaves every pixel where it is. */
export const identity: Affine = [1, 0, 0, 0, 1, 0]

/** Mirrors an image of this size, left to right. */
export const flip = ([, width]: Size): Affine => [-1, 0, width - 1, 0, 1, 0]

/** Moves the picture down and right by these shares of its size. */
export const translation = ([height, width]: Size, [down, right]: readonly [number, number]): Affine => [
  1,
  0,
  -right * width,
  0,
  1,
  -down * height
]

/** Counterclockwise about the middle, by a share of a full turn. */
export const rotation = ([height, width]: Size, turns: number): Affine => {
  // engines may differ in the last bit of a sine, but then not in that of its float32
  const [cos, sin] = [Math.fround(Math.cos(2 * Math.PI * turns)), Math.fround(Math.sin(2 * Math.PI * turns))]
  const [x, y] = [(width - 1) / 2, (height - 1) / 2]
  return [cos, -sin, x - cos * x + sin * y, sin, cos, y - sin * x - cos * y]
}

/** About the middle: 0.2 shows a fifth more of the picture in each direction, -0.2 a fifth less. */
export const zoom = ([height, width]: Size, by: number): Affine => [
  1 + by,
  0,
  (-by * (width - 1)) / 2,
  0,
  1 + by,
  (-by * (height - 1)) / 2
]

/** To an image of another size, with the same edges: half-pixel centres. */
export const scale = ([height, width]: Size, [toHeight, toWidth]: Size): Affine => {
  const [x, y] = [toWidth / width, toHeight / height]
  return [x, 0, (x - 1) / 2, 0, y, (y - 1) / 2]
}

/** Where pixels `least` to `most` of a line of `length` lie, beyond whose ends it is mirrored: d c b a | a b c d | d c b a. */
const reflected = (least: number, most: number, length: number, stride: number): Int32Array =>
  Int32Array.from({ length: most - least + 1 }, (_, at) => {
    const period = 2 * length
    const within = (((least + at) % period) + period) % period
    return (within < length ? within : period - 1 - within) * stride
  })

/** The least and the greatest whole pixels that a coordinate of the map needs on an output of this size. */
const reach = (a0: number, a1: number, a2: number, [height, width]: Size): readonly [number, number] => {
  const corners = [0, width - 1].flatMap((x) => [0, height - 1].map((y) => a0 * x + (a1 * y + a2)))
  return [Math.floor(Math.min(...corners)), Math.floor(Math.max(...corners)) + 2]
}

/**
 * The image as the map shows it, bilinear, mirrored beyond its edges. Float32 [height, width, 3], row-major, from one size
 * to another, into `out`. A function of its arguments alone, to the bit.
 */
export const resample = (
  image: Float32Array,
  [height, width]: Size,
  [a0, a1, a2, b0, b1, b2]: Affine,
  size: Size,
  out: Float32Array
): void => {
  const [left, right] = reach(a0, a1, a2, size)
  const [top, bottom] = reach(b0, b1, b2, size)
  const columns = reflected(left, right, width, 3)
  const rows = reflected(top, bottom, height, 3 * width)
  const [toHeight, toWidth] = size
  let to = 0
  for (let y = 0; y < toHeight; y++) {
    const fromX = a1 * y + a2
    const fromY = b1 * y + b2
    for (let x = 0; x < toWidth; x++) {
      const atX = a0 * x + fromX - left
      const atY = b0 * x + fromY - top
      // neither is below zero
      const wholeX = atX | 0
      const wholeY = atY | 0
      const restX = atX - wholeX
      const restY = atY - wholeY
      const row = rows[wholeY] as number
      const nextRow = rows[wholeY + 1] as number
      const column = columns[wholeX] as number
      const nextColumn = columns[wholeX + 1] as number
      const p = row + column
      const q = row + nextColumn
      const r = nextRow + column
      const s = nextRow + nextColumn
      const d = restX * restY
      const c = restY - d
      const b = restX - d
      const a = 1 - restX - c
      for (let channel = 0; channel < 3; channel++) {
        out[to++] =
          a * (image[p + channel] as number) +
          b * (image[q + channel] as number) +
          c * (image[r + channel] as number) +
          d * (image[s + channel] as number)
      }
    }
  }
}
