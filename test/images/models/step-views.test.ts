import { expect, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Random from "../../../api/random.ts"
import * as Affine from "../../../images/models/Affine.ts"
import * as Augmentation from "../../../images/models/Augmentation.ts"
import * as Network from "../../../images/models/Network.ts"
import { operations } from "../../../images/models/operations.ts"
import { plain, type Setup } from "../../../images/models/Stepper.ts"
import * as StepViews from "../../../images/models/StepViews.ts"
import * as Compiled from "../../../images/models/training-compiled.ts"
import * as Eager from "../../../images/models/training-eager.ts"
import { Tensorflow } from "../../../images/services/Tensorflow.ts"

const [rows, seed] = [16, 3]
const size: Affine.Size = [9, 12]
const [height, width] = size
const shape = [height, width, 3]
const cells = height * width * 3
const strengths = { flip: true, shift: 0.3 }
const images = Random.uniform({ seed: 5, purpose: "weights", epoch: 0, step: 0 }, rows * cells, 1)

/** Every image as its change in a step shows it, by our resampling, which test/images/models/augmentation.test.ts holds against Keras. */
const seen = (epoch: number, step: number): Float32Array => {
  const all = new Float32Array(images.length)
  StepViews.draw(rows, { seed, epoch, step }, strengths).forEach((change, row) => {
    const [from, to] = [row * cells, (row + 1) * cells]
    const map = Augmentation.mapOf(change, size, size)
    Affine.resample(images.subarray(from, to), size, map, size, all.subarray(from, to))
  })
  return all
}
const apart = (one: Float32Array, other: Float32Array): number =>
  one.reduce((most, value, at) => Math.max(most, Math.abs(value - (other[at] ?? Number.NaN))), 0)

layer(Tensorflow.live)("the images of a step", (it) => {
  it.effect("are mirrored and moved as Keras' RandomFlip and RandomTranslation do it", () =>
    Effect.gen(function* () {
      const { tf } = yield* Tensorflow
      for (const [epoch, step] of [
        [1, 1],
        [2, 7]
      ] as const) {
        const maps = StepViews.maps(rows, shape, { seed, epoch, step }, strengths)
        const found = tf.tidy(() =>
          operations(tf)
            .mapped(tf.tensor(images, [rows, ...shape]), tf.tensor2d(maps, [rows, StepViews.mapSize]))
            .dataSync<"float32">()
        )
        expect(apart(found, seen(epoch, step))).toBeLessThan(1e-5)
        expect(apart(found, images)).toBeGreaterThan(0.1)
      }
    })
  )

  it.effect("are other ones in every step, epoch and by every seed, and the same ones again", () =>
    Effect.sync(() => {
      const drawn = (seed: number, epoch: number, step: number) =>
        JSON.stringify(StepViews.draw(rows, { seed, epoch, step }, strengths))
      const all = [drawn(1, 1, 1), drawn(1, 1, 2), drawn(1, 2, 1), drawn(2, 1, 1)]
      expect(new Set(all).size).toBe(4)
      expect(drawn(1, 1, 1)).toBe(all[0])
    })
  )

  it.effect("are mirrored half of the time, and moved by all that is allowed, evenly and either way", () =>
    Effect.sync(() => {
      const changes = StepViews.draw(4000, { seed, epoch: 1, step: 1 }, strengths)
      expect(Math.abs(changes.filter(({ flip }) => flip).length / 4000 - 0.5)).toBeLessThan(0.04)
      for (const direction of [0, 1] as const) {
        const moved = changes.map(({ translation }) => translation[direction] / strengths.shift)
        for (let tenth = 0; tenth < 10; tenth++) {
          const within = moved.filter((value) => Math.floor((value + 1) * 5) === tenth).length
          expect(Math.abs(within - 400)).toBeLessThan(100)
        }
      }
      const one = StepViews.draw(4000, { seed, epoch: 1, step: 1 }, { flip: false, shift: 0 })
      expect(one.some(({ flip, translation: [down, right] }) => flip || down !== 0 || right !== 0)).toBe(false)
    })
  )

  it.scoped(
    "are what a step learns from, compiled or not: its weights are those that it has of images changed before",
    () =>
      Effect.gen(function* () {
        const { tf } = yield* Tensorflow
        const layers = Network.withEnd(
          [{ kind: "conv2d", filters: 4, kernelSize: 3, padding: "same", activation: "relu" }, { kind: "flatten" }],
          4
        )
        const network = yield* Network.check(layers, shape, 4)
        const labels = Int32Array.from({ length: rows }, (_, row) => row % 4)
        const setup: Setup = {
          ...plain,
          ...{ network, inputs: images, labels, seed, batchSize: rows, stepsPerEpoch: 1, lookEvery: 1 },
          optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0 }
        }
        const batch = Int32Array.from({ length: rows }, (_, row) => row)
        const open = (setup: Setup) => Compiled.open(setup, { inputs: images, batchRows: rows })
        const before = yield* open({ ...setup, inputs: seen(3, 2) })
        const asTheyAre = yield* open(setup)
        const looking = { ...setup, stepViews: strengths }
        const steppers = [yield* open(looking), yield* Eager.open(tf, looking)]
        for (const stepper of [before, asTheyAre, ...steppers]) stepper.step(batch, 3, 2)
        const expected = before.weights()
        for (const stepper of steppers)
          stepper.weights().forEach((found, at) => {
            expect(apart(found, expected[at] ?? new Float32Array())).toBeLessThan(1e-5)
          })
        expect(apart(asTheyAre.weights()[0] ?? new Float32Array(), expected[0] ?? new Float32Array())).toBeGreaterThan(
          1e-3
        )
      })
  )
})
