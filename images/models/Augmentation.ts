/**
 * Random views of images: what is drawn for an image, and the map that it makes.
 *
 * @module
 */
import { createHash } from "node:crypto"
import * as Random from "headrace/random"
import * as Affine from "./Affine.ts"

/**
 * Random views of an image, as Keras' RandomFlip("horizontal"), RandomTranslation, RandomRotation and RandomZoom in that
 * order, bilinear, mirrored beyond the edges; but in one resampling, so that the edges mirrored at are the image's own, not
 * those of the layer before. Each layer alone is the same in Keras 3 and in Keras 2, within 1e-6.
 */
export interface Strengths {
  /** Whether every second image is mirrored, left to right. */
  readonly flip: boolean
  /** Most shares of height and width that an image is moved by. */
  readonly translation: number
  /** Most of a full turn, either way. */
  readonly rotation: number
  /** Most that is shown more or less of an image, as a share of each direction. */
  readonly zoom: number
}

/** What is done to one image, in the units of `Strengths`. */
export interface Change {
  readonly flip: boolean
  readonly translation: readonly [down: number, right: number]
  readonly rotation: number
  readonly zoom: number
}

/** 32 bits of the image's bytes: rows are cached by content, so nothing may depend on where an image stands. */
const numberOf = (image: Float32Array): number => createHash("sha256").update(image).digest().readUInt32LE(0)

/** The change of an image in a view, a function of the seed, the view and the image alone. Views count from 1. */
export const draw = (
  image: Float32Array,
  { seed, view }: { readonly seed: number; readonly view: number },
  strengths: Strengths
): Change => {
  const place = { seed, purpose: "augmentation", epoch: view, step: numberOf(image) } as const
  const [side = 0, down = 0, right = 0, turns = 0, by = 0] = Random.uniform(place, 5, 1)
  const { flip, translation, rotation, zoom } = strengths
  return {
    flip: flip && side < 0,
    translation: [down * translation, right * translation],
    rotation: turns * rotation,
    zoom: by * zoom
  }
}

/** Where each pixel of the changed image, enlarged to `size`, lies in the image. */
export const mapOf = ({ flip, translation, rotation, zoom }: Change, image: Affine.Size, size: Affine.Size) =>
  // from the last layer's output back to the first one's input
  Affine.compose(
    Affine.zoom(size, zoom),
    Affine.rotation(size, rotation),
    Affine.translation(size, translation),
    flip ? Affine.flip(size) : Affine.identity,
    Affine.scale(size, image)
  )
