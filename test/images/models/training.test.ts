import { createHash } from "node:crypto"
import { expect, it, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import * as Random from "../../../api/random.ts"
import type * as Checkpoint from "../../../artifacts/Checkpoint.ts"
import * as ClassWeights from "../../../images/models/ClassWeights.ts"
import * as DenseHead from "../../../images/models/DenseHead.ts"
import * as Evaluation from "../../../images/models/Evaluation.ts"
import * as HoldOut from "../../../images/models/HoldOut.ts"
import * as Network from "../../../images/models/Network.ts"
import { dropoutMask } from "../../../images/models/operations.ts"
import * as Training from "../../../images/models/Training.ts"
import { Tensorflow, type Tf } from "../../../images/services/Tensorflow.ts"

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
  const names = Array.from({ length: classes }, (_, label) => `class ${label}`)
  const { training, validation } = Effect.runSync(HoldOut.draw(labels, names, 0.2, 5))
  return {
    inputs: features,
    shape: [1280],
    labels,
    classes,
    views: 1,
    training,
    validation: { inputs: features, labels, rows: validation }
  }
}

/** The same with other rows, also where they are validated on. */
const withRows = (rows: Training.Rows): Training.Data => ({
  ...data,
  ...rows,
  validation: { ...rows, rows: data.validation.rows }
})

const data = blobs(0.35)
/** The same with fewer rows of half of the classes to train on. */
const uneven = (data: Training.Data): Training.Data => ({
  ...data,
  training: data.training.filter((row) => row % classes < classes / 2 || row < rows / 2)
})
type Changes = Partial<Training.Options> & {
  readonly epochs?: number
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

/** The mask of the first dropout layer in a step. */
const maskOf = (tf: Tf, rate: number, place: Omit<Random.Place, "purpose">, shape: ReadonlyArray<number>) =>
  dropoutMask(tf, shape, rate, tf.tensor1d(Int32Array.from(Random.words({ ...place, purpose: "dropout" }, 2)), "int32"))

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

it("validates on all rows of a table as they lie there, and on some in their order, copied", () => {
  const table = { inputs: Float32Array.of(1, 2, 3, 4, 5, 6), labels: Int32Array.of(0, 1, 2) }
  const chosen = (...rows: ReadonlyArray<number>) =>
    Training.validated({ shape: [2], validation: { ...table, rows: Int32Array.from(rows) } })
  expect(chosen(0, 1, 2).inputs).toBe(table.inputs)
  expect(chosen(2, 0)).toEqual({ inputs: Float32Array.of(5, 6, 1, 2), labels: Int32Array.of(2, 0) })
  expect(chosen(0, 2, 1)).toEqual({ inputs: Float32Array.of(1, 2, 5, 6, 3, 4), labels: Int32Array.of(0, 2, 1) })
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
      const tally = yield* tallyOf(weights, hard, data.validation.rows)
      expect(Evaluation.accuracy(tally)).toBe(best)
      expect(Evaluation.loss(tally)).toBe(history[bestEpoch - 1]?.validationLoss)
    })
  )

  // one in 256ths, which is drawn by bytes, and one that is not; cells that fill no whole words
  for (const rate of [0.25, 0.3]) {
    it.effect(`drops other units in every step, epoch and seed, at its rate, and the same ones again: ${rate}`, () =>
      Effect.gen(function* () {
        const { tf } = yield* Tensorflow
        const shape = [203, 111] as const
        const cells = shape[0] * shape[1]
        const mask = (seed: number, epoch: number, step: number) =>
          tf.tidy(() => maskOf(tf, rate, { seed, epoch, step }, shape).dataSync())
        const masks = [mask(1, 1, 1), mask(1, 1, 2), mask(1, 2, 1), mask(2, 1, 1)].map((kept) => kept.join())
        expect(new Set(masks).size).toBe(4)
        expect(mask(1, 1, 1).join()).toBe(masks[0])
        const dropped = Array.from(mask(1, 1, 1), (scale) => scale === 0)
        expect(new Set(mask(1, 1, 1))).toStrictEqual(new Set([0, Math.fround(1 / (1 - rate))]))
        // within five standard deviations: of all cells, of each of the four in a word, and of neighbours together
        const isShare = (of: (at: number) => boolean, share: number, count: number) => {
          const found = dropped.filter((_, at) => of(at)).length / count
          expect(Math.abs(found - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / count))
        }
        isShare((at) => dropped[at] === true, rate, cells)
        for (const byte of [0, 1, 2, 3])
          isShare((at) => at % 4 === byte && dropped[at] === true, rate, Math.ceil((cells - byte) / 4))
        for (const apart of [1, 2, 4])
          isShare((at) => dropped[at] === true && dropped[at + apart] === true, rate ** 2, cells - apart)
      })
    )
  }

  it.effect("never sees the held-out rows", () =>
    Effect.gen(function* () {
      const inputs = data.inputs.slice()
      const labels = data.labels.slice()
      for (const row of data.validation.rows) {
        inputs.fill(9, row * 1280, (row + 1) * 1280)
        labels[row] = 0
      }
      const [clean, spoilt] = yield* Effect.all([
        train({ epochs: 1 }),
        train({ epochs: 1 }, withRows({ inputs, labels }))
      ])
      expect(spoilt.weights).toStrictEqual(clean.weights)
      expect(spoilt.history[0]?.validationLoss).not.toBe(clean.history[0]?.validationLoss)
    })
  )

  it.scoped("tells the mean loss over every training row, the last, smaller batch included", () =>
    Effect.gen(function* () {
      const { history, weights } = yield* train({ epochs: 1, batchSize: 7, dropout: 0, learningRate: 1e-12 })
      const still = yield* tallyOf(weights, data, data.training)
      expect(history[0]?.loss).toBeCloseTo(Evaluation.loss(still), 5)
      expect(history[0]?.accuracy).toBe(Evaluation.accuracy(still))
    })
  )

  it.effect("fails as Diverged at the very step whose loss is no number", () =>
    Effect.gen(function* () {
      const order = Random.shuffle({ seed: 7, purpose: "order", epoch: 1, step: 0 }, data.training)
      const inputs = data.inputs.slice()
      inputs[(order[100] ?? 0) * 1280] = Number.POSITIVE_INFINITY
      const failure = yield* Effect.flip(train({}, withRows({ inputs, labels: data.labels })))
      expect(failure).toStrictEqual(new Training.Diverged({ epoch: 1, step: 4, learningRate: 1e-3, history: [] }))
      expect(failure.message).toContain(
        "epoch 1, step 4; expected it to fall. Lower the learning rate: learningRate: 0.0001."
      )
      expect((yield* Effect.flip(train({ learningRate: 1e12 }))).message).toMatch(/step 2; .* learningRate: 0\.001\.$/)
      const steep = yield* Effect.flip(train({ learningRate: 1e30 }))
      expect(steep).toMatchObject({ _tag: "Diverged", epoch: 1, step: 2, history: [] })
      const later = yield* Effect.flip(train({ learningRate: 1e30, batchSize: 240 }))
      expect(later).toMatchObject({ _tag: "Diverged", epoch: 1, step: 1 })
    })
  )

  it.effect("refuses a label without a class, and floats without a row", () =>
    Effect.gen(function* () {
      const labels = data.labels.slice().fill(10, 3, 4)
      expect((yield* Effect.flip(train({}, withRows({ inputs: data.inputs, labels })))).message).toContain(
        "a label is 10; expected 0 to 9"
      )
      const inputs = data.inputs.subarray(1)
      expect((yield* Effect.flip(train({}, withRows({ inputs, labels: data.labels })))).message).toContain(
        "300 labels come with"
      )
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

  it.effect("goes on from a saved state to the very bytes of an uninterrupted training", () =>
    Effect.gen(function* () {
      for (const optimizer of [
        { kind: "adam", learningRate: 0.01, decay: 0.1 },
        { kind: "sgd", learningRate: 0.01, momentum: 0 },
        { kind: "sgd", learningRate: 0.01, momentum: 0.9 }
      ] as const) {
        const hard = blobs(0.13)
        const straight = yield* Training.fit(head(), hard, { ...options, optimizer, epochs: 6 }, () => Effect.void)
        let state: Checkpoint.State | undefined
        for (const epochs of [[1, 2], [3], [4, 5, 6]]) {
          const resumed = yield* Effect.scoped(
            Effect.gen(function* () {
              const fitting = yield* Training.open(head(), hard, { ...options, optimizer })
              if (state !== undefined) yield* fitting.resume(state)
              for (const epoch of epochs) yield* fitting.epoch(epoch)
              state = yield* fitting.save
              return yield* fitting.trained
            })
          )
          if (epochs.includes(6)) expect(digest(resumed)).toBe(digest(straight))
        }
      }
    })
  )

  it.effect("goes on to the very bytes of an uninterrupted training with whatever it is told to do", () =>
    Effect.gen(function* () {
      const images = { ...uneven(blobs(0.13)), shape: [8, 40, 4] }
      const adam = { kind: "adam", learningRate: 0.01 } as const
      const cosine = { kind: "cosine", warmUpEpochs: 1, epochs: 3, end: 0 } as const
      const all: ReadonlyArray<Partial<Training.Options>> = [
        { optimizer: { ...adam, schedule: cosine } },
        { optimizer: { ...adam, schedule: { kind: "step", epochs: 2, factor: 0.5 } } },
        { optimizer: { ...adam, kind: "adamw", weightDecay: 0.1 } },
        { labelSmoothing: 0.1 },
        { classWeights: "balanced" },
        { stepViews: { flip: true, shift: 0.2 } },
        { stopping: { patience: 2, on: "loss" } },
        {
          optimizer: { ...adam, kind: "adamw", weightDecay: 0.1, schedule: cosine },
          labelSmoothing: 0.1,
          classWeights: "balanced",
          stepViews: { flip: true, shift: 0.2 },
          stopping: { patience: 1, on: "accuracy" }
        }
      ]
      const network = Network.withEnd([{ kind: "flatten" }, ...DenseHead.layers({ units: 16, dropout: 0.2 })], classes)
      const digests = new Set<string>()
      for (const changes of all) {
        const given = { ...options, optimizer: adam, ...changes }
        const straight = yield* Training.fit(network, images, { ...given, epochs: 5 }, () => Effect.void)
        digests.add(digest(straight))
        let state: Checkpoint.State | undefined
        let resumed: typeof straight | undefined
        for (const epochs of [[1], [2, 3], [4, 5]]) {
          yield* Effect.scoped(
            Effect.gen(function* () {
              const fitting = yield* Training.open(network, images, given)
              if (state !== undefined) yield* fitting.resume(state)
              for (const epoch of epochs) if (!(yield* fitting.isOver)) yield* fitting.epoch(epoch)
              state = yield* fitting.save
              resumed = yield* fitting.trained
            })
          )
        }
        expect(resumed && digest(resumed), JSON.stringify(changes)).toBe(digest(straight))
        expect(resumed?.isOver).toBe(straight.isOver)
      }
      expect(digests.size).toBe(all.length)
    })
  )

  it.effect("has the bytes of a training that is told nothing where it is told what changes nothing", () =>
    Effect.gen(function* () {
      const nothing = { labelSmoothing: 0, classWeights: "none", stepViews: null, stopping: null } as const
      const told = yield* train({ epochs: 2, ...nothing })
      const patient = yield* train({ epochs: 2, stopping: { patience: 2, on: "accuracy" } })
      const [one, other] = [digest(told), digest(yield* train({ epochs: 2 }))]
      expect([one, digest(patient)]).toEqual([other, other])
    })
  )

  it.effect("tells the loss of the labels themselves, all rows counting the same, whatever it minimises", () =>
    Effect.gen(function* () {
      const still = { epochs: 1, dropout: 0, learningRate: 1e-12 }
      const [plain, ...others] = yield* Effect.forEach(
        [{}, { labelSmoothing: 0.3 }, { classWeights: "balanced" as const }],
        (changes) => train({ ...still, ...changes }, uneven(data))
      )
      for (const { history } of others) expect(history[0]?.loss).toBeCloseTo(plain?.history[0]?.loss ?? Number.NaN, 6)
    })
  )

  it.effect(
    "is over once so many epochs in a row were no better, by the accuracy or by the loss, and keeps the best by that",
    () =>
      Effect.gen(function* () {
        const hard = blobs(0.13)
        const steep = { epochs: 20, learningRate: 0.05 }
        for (const on of ["accuracy", "loss"] as const) {
          const whole = yield* train(steep, hard)
          const { history, bestEpoch, isOver } = yield* train({ ...steep, stopping: { patience: 2, on } }, hard)
          expect(isOver).toBe(true)
          expect(history.length).toBeLessThan(whole.history.length)
          expect(history).toEqual(whole.history.slice(0, history.length))
          expect(history.length).toBe(bestEpoch + 2)
          const goods = history.map((row) => (on === "loss" ? -row.validationLoss : row.validationAccuracy))
          expect(goods.indexOf(Math.max(...goods)) + 1).toBe(bestEpoch)
        }
      })
  )

  it("weighs the classes as scikit-learn's balanced does: by the rows that are trained on", () => {
    const labels = Int32Array.of(0, 1, 0, 1, 0, 0, 2, 2)
    // of six that are trained on four are of class 0, one of 1 and one of 2: 6 / (3 * 4), 6 / (3 * 1)
    const training = Int32Array.of(0, 1, 2, 4, 5, 6)
    expect(ClassWeights.balanced({ labels, training, classes: 3 })).toEqual([0.5, 2, 2])
  })

  it.effect("draws one view of each image an epoch, and holds an image out with all its views", () =>
    Effect.gen(function* () {
      const views = 3
      const inputs = new Float32Array(views * data.inputs.length)
      for (let view = 0; view < views; view++) inputs.set(data.inputs, view * data.inputs.length)
      const labels = Int32Array.from({ length: views * rows }, (_, row) => data.labels[row % rows] ?? 0)
      const seen = { ...data, inputs, labels, views }
      // equal views are one view, whichever is drawn
      const [one, three] = yield* Effect.all([train({ epochs: 2 }), train({ epochs: 2 }, seen)])
      expect(three.weights).toStrictEqual(one.weights)
      const spoilt = inputs.slice()
      for (const image of data.validation.rows)
        for (let view = 0; view < views; view++)
          spoilt.fill(9, (view * rows + image) * 1280, (view * rows + image + 1) * 1280)
      expect((yield* train({ epochs: 2 }, { ...seen, inputs: spoilt })).weights).toStrictEqual(one.weights)
      // what is no number is met in the first epoch, or a later one
      for (let view = 1; view < views; view++) {
        const broken = inputs.slice().fill(Number.NaN, view * rows * 1280, (view + 1) * rows * 1280)
        expect((yield* Effect.flip(train({ epochs: 1 }, { ...seen, inputs: broken })))._tag).toBe("Diverged")
      }
      const first = inputs.slice().fill(Number.NaN, rows * 1280)
      expect(yield* Effect.flip(train({ epochs: 1 }, { ...seen, inputs: first }))).toMatchObject({ step: 1 })
    })
  )

  it.effect("refuses a state of another network, or of another optimizer", () =>
    Effect.gen(function* () {
      const saved = (units: number, optimizer: Training.Options["optimizer"]) =>
        Effect.scoped(
          Effect.gen(function* () {
            const fitting = yield* Training.open(head(units), data, { ...options, optimizer })
            yield* fitting.epoch(1)
            return yield* fitting.save
          })
        )
      const adam = { kind: "adam", learningRate: 1e-3 } as const
      const sgd = { kind: "sgd", learningRate: 1e-3, momentum: 0 } as const
      const into = (state: Checkpoint.State) =>
        Effect.scoped(
          Effect.flatMap(Training.open(head(32), data, { ...options, optimizer: adam }), ({ resume }) => resume(state))
        )
      expect((yield* Effect.flip(into(yield* saved(16, adam)))).message).toContain(
        'it has no "dense_0/kernel" of [1280, 32]; expected one of the same network'
      )
      expect((yield* Effect.flip(into(yield* saved(32, sgd)))).message).toContain("slot_0")
    })
  )

  it.effect("refuses a network that does not fit the data before it starts", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(train({}, { ...data, shape: [32, 40, 1] }))
      expect(refused.message).toContain("Layer 1 (dense) cannot be built: its input is [32, 40, 1]")
    })
  )
})
