import { createHash } from "node:crypto"
import { describe, expect, it, layer } from "@effect/vitest"
import { Deferred, Effect, Either, Fiber } from "effect"
import * as DenseHead from "../../models/DenseHead.ts"
import * as Evaluation from "../../models/Evaluation.ts"
import * as Network from "../../models/Network.ts"
import { dropoutMask } from "../../models/operations.ts"
import * as Random from "../../models/Random.ts"
import * as Training from "../../models/Training.ts"
import { Tensorflow, type Tf } from "../../services/Tensorflow.ts"

const classes = 10
const rows = 300
const noise = (step: number, count: number, width: number) =>
  Random.uniform({ seed: 11, purpose: "weights", epoch: 0, step }, count, width)

/** Ten blobs in 1280 dimensions, row i of class i mod 10, `apart` saying how easily they are told apart. */
const blobs = (apart: number): Training.Data => {
  const centres = noise(1, classes * 1280, apart)
  const features = noise(2, rows * 1280, 1)
  const labels = Int32Array.from({ length: rows }, (_, row) => row % classes)
  features.forEach((value, at) => {
    features[at] = value + (centres[(labels[Math.floor(at / 1280)] ?? 0) * 1280 + (at % 1280)] ?? 0)
  })
  return {
    inputs: features,
    shape: [1280],
    labels,
    classes,
    split: Either.getOrThrow(Effect.runSync(Effect.either(Training.split({ images: rows, views: 1 }, 0.2, 5))))
  }
}

const data = blobs(0.35)
type Changes = Partial<Training.Options> & {
  readonly units?: number
  readonly dropout?: number
  readonly learningRate?: number
}
const options = { l2: 0, batchSize: 32, epochs: 5, seed: 7 }
const head = (units = 32, dropout = 0.2) => Network.withEnd(DenseHead.layers({ units, dropout }), classes)

const train = ({ units, dropout, learningRate = 1e-3, ...changes }: Changes = {}, on: Training.Data = data) =>
  Training.fit(
    head(units, dropout),
    on,
    { ...options, optimizer: { kind: "adam", learningRate }, ...changes },
    () => Effect.void
  )

/** The mask of the first dropout layer in a step, at a rate of 0.25. */
const maskOf = (tf: Tf, place: Omit<Random.Place, "purpose">, shape: ReadonlyArray<number>) =>
  dropoutMask(tf, shape, 0.25, tf.tensor1d(Int32Array.from(Random.words({ ...place, purpose: "dropout" }, 2)), "int32"))

/** How the weights do on some of the rows. */
const tallyOf = (weights: ReadonlyArray<Float32Array>, data: Training.Data, on: Int32Array) =>
  Effect.gen(function* () {
    const network = yield* Network.check(head(), [1280], classes)
    const predict = yield* Evaluation.predictor(network, weights)
    const features = new Float32Array(on.length * 1280)
    on.forEach((row, at) => features.set(data.inputs.subarray(row * 1280, row * 1280 + 1280), at * 1280))
    const labels = Int32Array.from(on, (row) => data.labels[row] ?? 0)
    return Evaluation.add(Evaluation.empty(classes), labels, yield* predict(features))
  })

const digest = (trained: Effect.Effect.Success<ReturnType<typeof train>>) => {
  const hash = createHash("sha256").update(JSON.stringify(trained.history))
  for (const array of trained.weights) hash.update(array)
  return hash.digest("hex")
}

describe("a split", () => {
  it.effect("holds an image out with all its views, and validates on its first", () =>
    Effect.gen(function* () {
      const { training, validation } = yield* Training.split({ images: 50, views: 3 }, 0.2, 1)
      expect(validation).toHaveLength(10)
      expect(training).toHaveLength(120)
      const trained = new Set([...training].map((row) => row % 50))
      expect([...validation].filter((row) => row >= 50 || trained.has(row))).toStrictEqual([])
      const whole = [...trained, ...validation].sort((a, b) => a - b)
      expect(whole).toStrictEqual(Array.from({ length: 50 }, (_, image) => image))
      const again = yield* Training.split({ images: 50, views: 3 }, 0.2, 2)
      expect(again.validation).not.toStrictEqual(validation)
    })
  )

  it.effect("of one image is refused", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(Training.split({ images: 1, views: 2 }, 0.5, 1))
      expect(refused.message).toContain("there are 1 images in 2 views; expected at least two images")
    })
  )
})

layer(Tensorflow.live)("training", (it) => {
  it.effect("learns, tells every epoch as it ends, and gives every tensor back", () =>
    Effect.gen(function* () {
      const { tf } = yield* Tensorflow
      const before = tf.memory().numTensors
      const told: Array<number> = []
      const { history } = yield* Training.fit(
        head(),
        data,
        { ...options, optimizer: { kind: "adam", learningRate: 1e-3 } },
        ({ epoch }) => Effect.sync(() => void told.push(epoch))
      )
      expect(told).toStrictEqual([1, 2, 3, 4, 5])
      expect(history.map(({ epoch }) => epoch)).toStrictEqual(told)
      expect(Math.max(...history.map(({ validationAccuracy }) => validationAccuracy))).toBeGreaterThan(0.95)
      expect(history.at(-1)?.loss).toBeLessThan((history[0]?.loss ?? 0) / 2)
      expect(tf.memory().numTensors).toBe(before)
    })
  )

  it.effect("repeats bit for bit, and is changed by seed, dropout and L2", () =>
    Effect.gen(function* () {
      const runs = yield* Effect.forEach([{}, {}, { seed: 8 }, { dropout: 0 }, { l2: 0.01 }], (changes) =>
        Effect.map(train({ epochs: 2, ...changes }), digest)
      )
      expect(runs[1]).toBe(runs[0])
      expect(new Set(runs).size).toBe(4)
    })
  )

  it.scoped("returns the weights of the epoch with the best validation accuracy, the earliest of equals", () =>
    Effect.gen(function* () {
      const hard = blobs(0.13)
      const { history, bestEpoch, weights } = yield* train({ epochs: 8, learningRate: 0.01 }, hard)
      const best = Math.max(...history.map(({ validationAccuracy }) => validationAccuracy))
      expect(bestEpoch).toBe(history.find(({ validationAccuracy }) => validationAccuracy === best)?.epoch)
      const tally = yield* tallyOf(weights, hard, data.split.validation)
      expect(Evaluation.accuracy(tally)).toBe(best)
      expect(Evaluation.loss(tally)).toBe(history[bestEpoch - 1]?.validationLoss)
    })
  )

  it.effect("drops other units in every step, epoch and seed, at its rate, and the same ones again", () =>
    Effect.gen(function* () {
      const { tf } = yield* Tensorflow
      const mask = (seed: number, epoch: number, step: number) =>
        tf.tidy(() => maskOf(tf, { seed, epoch, step }, [64, 32]).dataSync())
      const masks = [mask(1, 1, 1), mask(1, 1, 2), mask(1, 2, 1), mask(2, 1, 1)].map((kept) => kept.join())
      expect(new Set(masks).size).toBe(4)
      expect(mask(1, 1, 1).join()).toBe(masks[0])
      expect(mask(1, 1, 1).filter((scale) => scale === 0).length / (64 * 32)).toBeCloseTo(0.25, 1)
      expect(new Set(mask(1, 1, 1))).toStrictEqual(new Set([0, Math.fround(1 / 0.75)]))
    })
  )

  it.effect("never sees the held-out rows", () =>
    Effect.gen(function* () {
      const inputs = data.inputs.slice()
      const labels = data.labels.slice()
      for (const row of data.split.validation) {
        inputs.fill(9, row * 1280, (row + 1) * 1280)
        labels[row] = 0
      }
      const [clean, spoilt] = yield* Effect.all([
        train({ epochs: 1 }),
        train({ epochs: 1 }, { ...data, inputs, labels })
      ])
      expect(spoilt.weights).toStrictEqual(clean.weights)
      expect(spoilt.history[0]?.validationLoss).not.toBe(clean.history[0]?.validationLoss)
    })
  )

  it.scoped("tells the mean loss over every training row, the last, smaller batch included", () =>
    Effect.gen(function* () {
      const { history, weights } = yield* train({ epochs: 1, batchSize: 7, dropout: 0, learningRate: 1e-12 })
      const still = yield* tallyOf(weights, data, data.split.training)
      expect(history[0]?.loss).toBeCloseTo(Evaluation.loss(still), 5)
      expect(history[0]?.accuracy).toBe(Evaluation.accuracy(still))
    })
  )

  it.effect("fails as Diverged at the very step whose loss is no number", () =>
    Effect.gen(function* () {
      const order = Random.shuffle({ seed: 7, purpose: "order", epoch: 1, step: 0 }, data.split.training)
      const inputs = data.inputs.slice()
      inputs[(order[100] ?? 0) * 1280] = Number.POSITIVE_INFINITY
      const failure = yield* Effect.flip(train({}, { ...data, inputs }))
      expect(failure).toStrictEqual(new Training.Diverged({ epoch: 1, step: 4, learningRate: 1e-3, history: [] }))
      expect(failure.message).toContain(
        "epoch 1, step 4; expected it to fall. Lower the learning rate: --learning-rate 0.0001."
      )
      expect((yield* Effect.flip(train({ learningRate: 1e12 }))).message).toMatch(
        /step 2; .* --learning-rate 0\.001\.$/
      )
      const steep = yield* Effect.flip(train({ learningRate: 1e30 }))
      expect(steep).toMatchObject({ _tag: "Diverged", epoch: 1, step: 2, history: [] })
      const later = yield* Effect.flip(train({ learningRate: 1e30, batchSize: 240 }))
      expect(later).toMatchObject({ _tag: "Diverged", epoch: 1, step: 1 })
    })
  )

  it.effect("refuses a label without a class, and floats without a row", () =>
    Effect.gen(function* () {
      const labels = data.labels.slice().fill(10, 3, 4)
      expect((yield* Effect.flip(train({}, { ...data, labels }))).message).toContain("a label is 10; expected 0 to 9")
      const inputs = data.inputs.subarray(1)
      expect((yield* Effect.flip(train({}, { ...data, inputs }))).message).toContain("300 labels come with")
    })
  )

  it.effect("stops within a step or two when it is interrupted, and gives the session and every tensor back", () =>
    Effect.gen(function* () {
      const { tf } = yield* Tensorflow
      const before = tf.memory().numTensors
      const sessions = tf.node.getNumOfSavedModels()
      const started = yield* Deferred.make<void>()
      const optimizer = { kind: "adam", learningRate: 1e-3 } as const
      const fiber = yield* Effect.fork(
        Training.fit(head(), data, { ...options, optimizer, epochs: 1e6 }, () => Deferred.succeed(started, undefined))
      )
      yield* Deferred.await(started)
      expect(tf.node.getNumOfSavedModels()).toBe(sessions + 1)
      yield* Fiber.interrupt(fiber)
      expect(tf.memory().numTensors).toBe(before)
      expect(tf.node.getNumOfSavedModels()).toBe(sessions)
    })
  )

  it.effect("refuses a network that does not fit the data before it starts", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(train({}, { ...data, shape: [32, 40, 1] }))
      expect(refused.message).toContain("Layer 1 (dense) cannot be built: its input is [32, 40, 1]")
    })
  )
})
