import { describe, expect, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import fc from "fast-check"
import * as Random from "../../../api/random.ts"
import * as HoldOut from "../../../images/models/HoldOut.ts"

const namesOf = (counts: ReadonlyArray<number>) => counts.map((_, label) => `c${label}`)
const labelsOf = (counts: ReadonlyArray<number>) =>
  Int32Array.from(counts.flatMap((count, label) => Array.from({ length: count }, () => label)))
const tally = (labels: Int32Array, rows: Int32Array, classes: number): ReadonlyArray<number> => {
  const counts = Array.from({ length: classes }, () => 0)
  for (const row of rows) counts[labels[row] ?? 0] = (counts[labels[row] ?? 0] ?? 0) + 1
  return counts
}

type Draw = (labels: Int32Array, split: number, seed: number) => HoldOut.HoldOut

const stratified =
  (counts: ReadonlyArray<number>): Draw =>
  (labels, split, seed) =>
    Effect.runSync(HoldOut.draw(labels, namesOf(counts), split, seed))

/** What went before: a share of all images, whatever their classes. */
const blind: Draw = (labels, split, seed) => {
  const images = Int32Array.from({ length: labels.length }, (_, image) => image)
  const order = Random.shuffle({ seed, purpose: "split", epoch: 0, step: 0 }, images)
  const held = Math.min(labels.length - 1, Math.max(1, Math.round(labels.length * split)))
  return { training: order.slice(held).sort(), validation: order.slice(0, held).sort() }
}

/** Some images by class in a shuffled order, so that no rule can lean on where an image stands. */
const datasets = fc.record({
  counts: fc
    .array(fc.integer({ min: 1, max: 30 }), { minLength: 2, maxLength: 12 })
    .filter((counts) => counts.some((count) => count > 1)),
  split: fc.double({ min: 0.001, max: 0.9, noNaN: true }),
  seed: fc.integer(),
  order: fc.integer()
})
type Dataset = typeof datasets extends fc.Arbitrary<infer A> ? A : never

/** Whether each class keeps an image and gives its share, to within one image, unless that would be its last. */
const holds = ({ counts, split, seed, order }: Dataset, drawOf: (counts: ReadonlyArray<number>) => Draw): boolean => {
  const labels = Random.shuffle({ seed: order, purpose: "order", epoch: 1, step: 0 }, labelsOf(counts))
  const { training, validation } = drawOf(counts)(labels, split, seed)
  const whole = [...training, ...validation].sort((a, b) => a - b)
  const kept = tally(labels, training, counts.length)
  const held = tally(labels, validation, counts.length)
  const rate = validation.length / labels.length
  return (
    whole.every((image, at) => image === at) &&
    whole.length === labels.length &&
    kept.every((count) => count >= 1) &&
    // where classes keep their last image, the others give more than their share
    (counts.some((count) => count * (1 - rate) < 1) || held.every((n, c) => Math.abs(n - rate * (counts[c] ?? 0)) < 1))
  )
}

describe("images held out", () => {
  it("are each class's share, and never its last image; a blind draw is not", () => {
    fc.assert(fc.property(datasets, (dataset) => holds(dataset, stratified)))
    expect(() => fc.assert(fc.property(datasets, (dataset) => holds(dataset, () => blind)))).toThrow()
  })

  it.effect("are the share asked for, drawn by the seed", () =>
    Effect.gen(function* () {
      const labels = labelsOf([25, 15, 10])
      const names = ["a", "b", "c"]
      const { training, validation } = yield* HoldOut.draw(labels, names, 0.2, 1)
      expect(tally(labels, validation, 3)).toStrictEqual([5, 3, 2])
      expect(training).toHaveLength(40)
      expect(yield* HoldOut.draw(labels, names, 0.2, 1)).toStrictEqual({ training, validation })
      expect((yield* HoldOut.draw(labels, names, 0.2, 2)).validation).not.toStrictEqual(validation)
      // written down, so that a machine that draws others is noticed
      expect([...validation]).toStrictEqual([1, 5, 9, 18, 19, 32, 35, 36, 42, 48])
    })
  )

  it.effect("come from all small classes alike, by the seed: not from the first ones", () =>
    Effect.gen(function* () {
      const counts = Array.from({ length: 100 }, () => 3)
      const labels = labelsOf(counts)
      const held = (seed: number) =>
        Effect.map(HoldOut.draw(labels, namesOf(counts), 0.1, seed), ({ validation }) => tally(labels, validation, 100))
      const first = yield* held(1)
      expect(first.reduce((sum, count) => sum + count, 0)).toBe(30)
      expect(Math.max(...first)).toBe(1)
      expect(first.slice(50).includes(1)).toBe(true)
      expect(yield* held(2)).not.toStrictEqual(first)
    })
  )

  it("a class's only image is trained on, with every seed", () => {
    const counts = [20, 20, 1]
    for (let seed = 0; seed < 200; seed++) {
      const { validation } = stratified(counts)(labelsOf(counts), 0.1, seed)
      expect(tally(labelsOf(counts), validation, 3)).toStrictEqual([2, 2, 0])
    }
  })

  it("one image of each class leaves nothing to hold out, and is refused by their names", () => {
    const refused = Effect.runSync(Effect.either(HoldOut.draw(labelsOf([1, 1]), ["cat", "dog"], 0.5, 1)))
    expect(Either.getOrThrow(Either.flip(refused)).message).toBe(
      'No images can be held out to choose the best epoch on: no class has more than one training image (cat, dog); expected a class with two or more, since one of every class is trained on. Add training images, or choose the epoch on the test images: validation: "test".'
    )
  })
})
