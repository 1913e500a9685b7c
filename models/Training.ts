import { Effect, Schema, type Scope } from "effect"
import type { GraphUnloadable, Tensorflow } from "../services/Tensorflow.ts"
import * as Evaluation from "./Evaluation.ts"
import type { Shape } from "./Layer.ts"
import * as Network from "./Network.ts"
import type { Optimizer } from "./Optimizer.ts"
import * as Random from "./Random.ts"
import { type CompiledStepper, open } from "./training-compiled.ts"

/** Which rows are trained on and which are held out, by row index. */
export interface Split {
  readonly training: Int32Array
  readonly validation: Int32Array
}

/** Inputs and labels of `labels.length` rows, row-major [rows, ...shape]; a label is in 0 .. classes - 1. */
export interface Data {
  readonly inputs: Float32Array
  /** Of one row: [features], or [height, width, channels]. */
  readonly shape: Shape
  readonly labels: Int32Array
  readonly classes: number
  readonly split: Split
}

export interface Options {
  readonly optimizer: Optimizer
  /** L2 penalty of the kernels: l2 * sum(kernel^2) is added to what is minimised, not to the losses told. */
  readonly l2: number
  readonly batchSize: number
  readonly epochs: number
  readonly seed: number
}

/**
 * One epoch, counted from 1. Loss is mean cross-entropy in nats, accuracy a share; over the training rows as they were
 * trained on (with dropout, each batch before its update), over the held-out rows after the epoch's last update.
 */
export const Epoch = Schema.Struct({
  epoch: Schema.Int,
  loss: Schema.Number,
  accuracy: Schema.Number,
  validationLoss: Schema.Number,
  validationAccuracy: Schema.Number
})
export type Epoch = typeof Epoch.Type

export interface Trained {
  readonly network: Network.Checked
  /** Those of the best epoch, in the order of `Network.weights`. */
  readonly weights: ReadonlyArray<Float32Array>
  readonly history: ReadonlyArray<Epoch>
  /** The epoch of the highest validation accuracy, the earliest of equals. */
  readonly bestEpoch: number
}

/**
 * Float32 logits this far apart differ from their neighbours by more than 1: from such a loss, no step leads back. Nats a
 * row.
 */
const mostLoss = 2 ** 24

/**
 * The loss stopped being a finite number, or one to learn from. Epoch and step count from 1; the history is that of the
 * epochs before.
 */
export class Diverged extends Schema.TaggedError<Diverged>()("Diverged", {
  epoch: Schema.Int,
  step: Schema.Int,
  learningRate: Schema.Number,
  history: Schema.Array(Epoch)
}) {
  override get message() {
    const lower = Math.min(1e-3, Number((this.learningRate / 10).toPrecision(3)))
    return `Training diverged: the loss is infinite, or far too large to learn from, at epoch ${this.epoch}, step ${this.step}; expected it to fall. Lower the learning rate: --learning-rate ${lower}.`
  }
}

/** Data that no network can be trained on: sizes that contradict each other, a label or row out of range, too few rows. */
export class TrainingDataInvalid extends Schema.TaggedError<TrainingDataInvalid>()("TrainingDataInvalid", {
  what: Schema.String,
  expected: Schema.String
}) {
  override get message() {
    return `The training data is unusable: ${this.what}; expected ${this.expected}. Check the inputs and the split.`
  }
}

/**
 * Holds out round(images * validationSplit) images, at least one, drawn by the seed. With several views of each image
 * (row = view * images + image) an image is held out with all its views, and only its first view is validated on: what
 * is measured must not be an image that was trained on in another view.
 */
export const split = (
  size: { readonly images: number; readonly views: number },
  validationSplit: number,
  seed: number
): Effect.Effect<Split, TrainingDataInvalid> => {
  const { images, views } = size
  if (images < 2 || views < 1) {
    const what = `there are ${images} images in ${views} views`
    return new TrainingDataInvalid({ what, expected: "at least two images, one to train on and one to hold out" })
  }
  const place = { seed, purpose: "split", epoch: 0, step: 0 } as const
  const order = Random.shuffle(
    place,
    Int32Array.from({ length: images }, (_, image) => image)
  )
  const held = Math.min(images - 1, Math.max(1, Math.round(images * validationSplit)))
  const trained = order.subarray(held).sort()
  const training = Int32Array.from(
    { length: trained.length * views },
    (_, at) => Math.floor(at / trained.length) * images + (trained[at % trained.length] ?? 0)
  )
  return Effect.succeed({ training, validation: order.slice(0, held).sort() })
}

const check = ({ inputs, shape, labels, classes, split }: Data): Effect.Effect<void, TrainingDataInvalid> => {
  const rows = labels.length
  const size = shape.reduce((product, length) => product * length, 1)
  const fail = (what: string, expected: string) => new TrainingDataInvalid({ what, expected })
  if (inputs.length !== rows * size) {
    return fail(`${rows} labels come with ${inputs.length} floats`, `${rows * size}, ${size} a row`)
  }
  const label = labels.find((label) => label < 0 || label >= classes)
  if (label !== undefined) return fail(`a label is ${label}`, `0 to ${classes - 1}`)
  for (const [name, held] of Object.entries(split)) {
    if (held.length === 0) return fail(`the ${name} part has no rows`, "at least one")
    const row = held.find((row: number) => row < 0 || row >= rows)
    if (row !== undefined) return fail(`the ${name} part names row ${row}`, `0 to ${rows - 1}`)
  }
  return Effect.void
}

/** Lets timers, signals and messages in: steps are synchronous, and a fiber's own yield is a microtask. */
const breathe = Effect.async<void>((resume) => {
  const immediate = setImmediate(() => resume(Effect.void))
  return Effect.sync(() => clearImmediate(immediate))
})

/** Steps between two looks at the losses: reading one waits for the device. */
const lookEvery = 50

const trainEpoch = (
  stepper: CompiledStepper,
  data: Data,
  options: Options,
  epoch: number,
  history: ReadonlyArray<Epoch>
) =>
  Effect.gen(function* () {
    const { batchSize, optimizer, seed } = options
    const order = Random.shuffle({ seed, purpose: "order", epoch, step: 0 }, data.split.training)
    const steps = Math.ceil(order.length / batchSize)
    let loss = 0
    let correct = 0
    let seen = 0
    for (let step = 1; step <= steps; step++) {
      stepper.step(order.slice((step - 1) * batchSize, step * batchSize), epoch, (epoch - 1) * steps + step)
      if (step % lookEvery === 0 || step === steps) {
        for (const told of stepper.losses()) {
          seen += 1
          // the mean over the step's rows
          if (!(told.loss <= mostLoss)) {
            return yield* new Diverged({ epoch, step: seen, learningRate: optimizer.learningRate, history })
          }
          loss += told.loss * Math.min(batchSize, order.length - (seen - 1) * batchSize)
          correct += told.correct
        }
      }
      yield* breathe
    }
    return { steps, loss: loss / order.length, accuracy: correct / order.length }
  })

const validate = (predict: Evaluation.Predict, data: Data) =>
  Effect.gen(function* () {
    const { validation } = data.split
    const size = data.inputs.length / data.labels.length
    let tally = Evaluation.empty(data.classes)
    for (let start = 0; start < validation.length; start += Evaluation.batchRows) {
      const rows = validation.subarray(start, start + Evaluation.batchRows)
      const inputs = new Float32Array(rows.length * size)
      rows.forEach((row, at) => inputs.set(data.inputs.subarray(row * size, (row + 1) * size), at * size))
      const labels = Int32Array.from(rows, (row) => data.labels[row] ?? 0)
      tally = Evaluation.add(tally, labels, yield* predict(inputs))
      yield* breathe
    }
    return { validationLoss: Evaluation.loss(tally), validationAccuracy: Evaluation.accuracy(tally) }
  })

/**
 * Trains a classifier: sparse categorical cross-entropy, rows reshuffled every epoch, every step one call of a compiled
 * graph. The result is a function of network, data and options alone, bit for bit on one machine with one thread count.
 * Interruptible between steps.
 */
export const fit = <E = never, R = never>(
  layers: Network.Network,
  data: Data,
  options: Options,
  onEpoch: (epoch: Epoch) => Effect.Effect<void, E, R>
): Effect.Effect<
  Trained,
  Diverged | TrainingDataInvalid | Network.NetworkInvalid | GraphUnloadable | E,
  Tensorflow | Exclude<R, Scope.Scope>
> =>
  Effect.gen(function* () {
    const network = yield* Network.check(layers, data.shape, data.classes)
    yield* check(data)
    // a batch is never larger than what there is: the rest of it would be computed for nothing
    const batchSize = Math.min(options.batchSize, data.split.training.length)
    const fitted = { ...options, batchSize }
    const stepper = yield* open({ ...fitted, ...data, network, lookEvery }, Evaluation.batchRows)
    const predict = Evaluation.inBatches(network, stepper.predict)
    const history: Array<Epoch> = []
    let best: { readonly epoch: Epoch; readonly weights: Trained["weights"] } | undefined
    for (let epoch = 1; epoch <= options.epochs; epoch++) {
      const { steps, ...trained } = yield* trainEpoch(stepper, data, fitted, epoch, history)
      const validated = yield* validate(predict, data)
      if (!Number.isFinite(validated.validationLoss)) {
        const { learningRate } = options.optimizer
        return yield* new Diverged({ epoch, step: steps, learningRate, history })
      }
      const row = { epoch, ...trained, ...validated }
      history.push(row)
      if (best === undefined || row.validationAccuracy > best.epoch.validationAccuracy) {
        best = { epoch: row, weights: stepper.weights() }
      }
      yield* onEpoch(row)
    }
    if (best === undefined) {
      return yield* new TrainingDataInvalid({ what: `there are ${options.epochs} epochs`, expected: "at least one" })
    }
    return { network, weights: best.weights, history, bestEpoch: best.epoch.epoch }
  }).pipe(Effect.scoped)
