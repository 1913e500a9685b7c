/**
 * Which training images are held out to choose the best epoch on.
 *
 * @module
 */
import { Effect } from "effect"
import { Explained, Text } from "headrace"
import * as Random from "headrace/random"

/** Which images are trained on and which are held out, by number, ascending. */
export interface HoldOut {
  readonly training: Int32Array
  readonly validation: Int32Array
}

/** The images of the classes don't go far enough to train on all of them and to hold some out. */
export class HoldOutImpossible extends Explained.TaggedError<HoldOutImpossible>()(
  "HoldOutImpossible",
  Explained.fields,
  ({ what, expected, fix }) => ({
    what: Text.text`No images can be held out to choose the best epoch on: ${what}`,
    expected,
    fix
  })
) {}

const mostNamed = 5
/** Classes by name, as far as a sentence holds them. */
export const named = (names: ReadonlyArray<string>): string =>
  names.length > mostNamed
    ? `${names.slice(0, mostNamed).join(", ")} and ${names.length - mostNamed} others`
    : names.join(", ")

/**
 * How many images of each class are held out: the class's share of `held`, rounded by largest remainders, where
 * `precedence` decides between equal ones. Every class keeps one image at least.
 */
const quotas = (counts: ReadonlyArray<number>, held: number, precedence: ReadonlyArray<number>): Array<number> => {
  const images = counts.reduce((sum, count) => sum + count, 0)
  // held < images, so that the whole part of a class's share leaves it an image
  const quota = counts.map((count) => Math.floor((held * count) / images))
  const remainder = (label: number) => (held * (counts[label] ?? 0)) % images
  const order = [...precedence].sort((a, b) => remainder(b) - remainder(a))
  let left = held - quota.reduce((sum, count) => sum + count, 0)
  while (left > 0) {
    for (const label of order) {
      const taken = quota[label] ?? 0
      if (left === 0 || taken + 1 >= (counts[label] ?? 0)) continue
      quota[label] = taken + 1
      left -= 1
    }
  }
  return quota
}

/**
 * Holds out round(images * validationSplit) images, at least one, drawn by the seed and stratified: each class gives its
 * share, and keeps at least one image to train on. `labels` has one label an image, an index into `classes`. With several
 * views of each image an image is held out with all its views, and only its first view is validated on: what is measured
 * must not be an image that was trained on in another view.
 */
export const draw = (
  labels: Int32Array,
  classes: ReadonlyArray<string>,
  validationSplit: number,
  seed: number
): Effect.Effect<HoldOut, HoldOutImpossible> => {
  const counts = classes.map(() => 0)
  for (const label of labels) if (label in counts) counts[label] = (counts[label] ?? 0) + 1
  // a label that names no class is the training's to refuse, and counts for nothing here
  const spare = counts.reduce((sum, count) => sum + Math.max(0, count - 1), 0)
  if (spare === 0) {
    return new HoldOutImpossible({
      what: `no class has more than one training image (${named(classes)})`,
      expected: "a class with two or more, since one of every class is trained on",
      fix: Text.text`Add training images, or choose the epoch on the test images: ${Text.setting("validation", "test")}.`
    })
  }
  const images = Int32Array.from({ length: labels.length }, (_, image) => image)
  const order = Random.shuffle({ seed, purpose: "split", epoch: 0, step: 0 }, images)
  const precedence = [...new Set(Array.from(order, (image) => labels[image] ?? 0))]
  const held = Math.min(spare, Math.max(1, Math.round(labels.length * validationSplit)))
  const left = quotas(counts, held, precedence)
  const isHeld = new Set<number>()
  for (const image of order) {
    const label = labels[image] ?? 0
    if ((left[label] ?? 0) === 0) continue
    left[label] = (left[label] ?? 0) - 1
    isHeld.add(image)
  }
  return Effect.succeed({
    training: images.filter((image) => !isHeld.has(image)),
    validation: images.filter((image) => isHeld.has(image))
  })
}
