/**
 * Chance as a pure function: the package's part `headrace/random`. Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy
 * as 1, 2, 3", 2011) is keyed by the seed and counted by where the number is needed. No generator is carried along, so that epoch 7
 * draws the same numbers whether or not epochs 1 to 6 ran in this process.
 *
 * @module
 */
/** What random numbers are needed for. Each has numbers of its own; a value is never given to another purpose. */
const purposes = { split: 0, order: 1, weights: 2, dropout: 4, view: 5, sweep: 6, augmentation: 7, tune: 8 } as const

/** Where random numbers are needed. Epochs and steps count from 1, and are 0 where there are none; the seed is a safe integer. */
export interface Place {
  readonly seed: number
  readonly purpose: keyof typeof purposes
  readonly epoch: number
  readonly step: number
}

const high32 = (a: number, b: number): number => {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16)
  const carry = aLow * bHigh + (middle & 0xffff)
  return aHigh * bHigh + (middle >>> 16) + (carry >>> 16)
}

/** Counter and output of one block: four unsigned 32-bit words. */
type Words = readonly [number, number, number, number]

/** Writes one block of Philox4x32-10 to `out`, from index `at` on, as far as it fits. */
export const philox = (counter: Words, key: readonly [number, number], out: Uint32Array, at = 0): void => {
  let [a, b, c, d] = counter
  let [k0, k1] = key
  for (let round = 0; round < 10; round++) {
    const high0 = high32(0xd2511f53, a)
    const high1 = high32(0xcd9e8d57, c)
    const low0 = Math.imul(0xd2511f53, a)
    a = (high1 ^ b ^ k0) >>> 0
    b = Math.imul(0xcd9e8d57, c) >>> 0
    c = (high0 ^ d ^ k1) >>> 0
    d = low0 >>> 0
    k0 = (k0 + 0x9e3779b9) >>> 0
    k1 = (k1 + 0xbb67ae85) >>> 0
  }
  out[at] = a
  out[at + 1] = b
  out[at + 2] = c
  out[at + 3] = d
}

/** The first `count` unsigned 32-bit words that are drawn at a place. */
export const words = (place: Place, count: number): Uint32Array => {
  const key = [place.seed >>> 0, Math.floor(place.seed / 2 ** 32) >>> 0] as const
  const drawn = new Uint32Array(count)
  for (let at = 0; at < count; at += 4)
    philox([at / 4, place.step, place.epoch, purposes[place.purpose]], key, drawn, at)
  return drawn
}

/** The first `count` floats that are drawn at a place, uniform in [-limit, limit). */
export const uniform = (place: Place, count: number, limit: number): Float32Array => {
  const drawn = words(place, count)
  const floats = new Float32Array(count)
  for (let i = 0; i < count; i++) floats[i] = ((drawn[i] ?? 0) / 2 ** 31 - 1) * limit
  return floats
}

/**
 * A copy of `rows` in an order that is drawn at a place (Fisher-Yates).
 *
 * @example
 * import { shuffle } from "headrace/random"
 *
 * const orderOf = (epoch: number, rows: Int32Array) => shuffle({ seed: 0, purpose: "order", epoch, step: 0 }, rows)
 */
export const shuffle = (place: Place, rows: Int32Array): Int32Array => {
  const shuffled = rows.slice()
  const drawn = words(place, shuffled.length)
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(((drawn[last] ?? 0) / 2 ** 32) * (last + 1))
    const held = shuffled[last] ?? 0
    shuffled[last] = shuffled[other] ?? 0
    shuffled[other] = held
  }
  return shuffled
}
