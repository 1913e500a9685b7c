/**
 * Random views of the images of a training step: mirrored and moved, each time anew.
 *
 * @module
 */
import * as Random from "headrace/random"
import type * as Affine from "./Affine.ts"
import * as Augmentation from "./Augmentation.ts"
import type { Shape } from "./Layer.ts"

/**
 * How strongly the images of a step differ from the data's, as in Keras' RandomFlip("horizontal") and then RandomTranslation by
 * its defaults: bilinear, mirrored beyond the edges.
 */
export interface Strengths {
  /** Whether every second image is mirrored, left to right. */
  readonly flip: boolean
  /** Most shares of height and width that an image is moved by, either way. */
  readonly shift: number
}

/** Numbers that TensorFlow takes to map an image: those of an affine map, and two for the perspective, which there is none of. */
export const mapSize = 8

/** Whether images are seen as they are. */
export const isNone = ({ flip, shift }: Strengths): boolean => !flip && shift === 0

/** The changes of a step's rows, in their order: a function of the seed, the epoch and the step alone. */
export const draw = (
  rows: number,
  place: Omit<Random.Place, "purpose">,
  { flip, shift }: Strengths
): ReadonlyArray<Augmentation.Change> => {
  const drawn = Random.uniform({ ...place, purpose: "augmentation" }, 3 * rows, 1)
  return Array.from({ length: rows }, (_, row) => {
    const [side = 0, down = 0, right = 0] = drawn.subarray(3 * row, 3 * row + 3)
    return { flip: flip && side < 0, translation: [down * shift, right * shift], rotation: 0, zoom: 0 }
  })
}

/** The maps of a step's rows, float32 [rows, mapSize], as ImageProjectiveTransformV3 takes them for images of this shape. */
export const maps = (
  rows: number,
  [height = 0, width = 0]: Shape,
  place: Omit<Random.Place, "purpose">,
  strengths: Strengths
): Float32Array => {
  const size: Affine.Size = [height, width]
  const all = new Float32Array(rows * mapSize)
  draw(rows, place, strengths).forEach((change, row) => {
    all.set(Augmentation.mapOf(change, size, size), row * mapSize)
  })
  return all
}
