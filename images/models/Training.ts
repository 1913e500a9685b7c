/**
 * The training of a classifier, epoch by epoch: what comes of it is a function of network, data, options
 * and the number of epochs alone.
 *
 * @module
 */
import { Effect, Schema, type Scope } from "effect"
import { type Checkpoint, EventLoop, Explained, Text } from "headrace"
import * as Random from "headrace/random"
import type { GraphUnloadable, Tensorflow } from "../services/Tensorflow.ts"
import * as ClassWeights from "./ClassWeights.ts"
import * as EarlyStopping from "./EarlyStopping.ts"
import { Epoch, isBetter, type Measure } from "./Epoch.ts"
import * as Evaluation from "./Evaluation.ts"
import type { Shape } from "./Layer.ts"
import * as Network from "./Network.ts"
import * as Optimizer from "./Optimizer.ts"
import * as Stepper from "./Stepper.ts"
import type * as StepViews from "./StepViews.ts"
import * as TrainingState from "./TrainingState.ts"
import { type CompiledStepper, open as compiled } from "./training-compiled.ts"

/** Inputs row-major [rows, ...shape], and the label of each row. */
export interface Rows {
  readonly inputs: Float32Array
  readonly labels: Int32Array
}

/** Images in one or several views, row = view * images + image; a label is in 0 .. classes - 1. */
export interface Data extends Rows {
  /** Of one row: [features], or [height, width, channels]. */
  readonly shape: Shape
  readonly classes: number
  readonly views: number
  /** The images to train on, by number. */
  readonly training: Int32Array
  /** What the best epoch is chosen on: `rows` of a table, this one or another. */
  readonly validation: Rows & { readonly rows: Int32Array }
}

/** How a network is trained. */
export interface Options {
  readonly optimizer: Optimizer.Optimizer
  /** L2 penalty of the kernels: l2 * sum(kernel^2) is added to what is minimised, not to the losses told. */
  readonly l2: number
  /** The share of each label that is spread over all classes in what is minimised, not in the losses told. */
  readonly labelSmoothing?: number
  /** Whether the rows of rare classes count more in what is minimised, not in the losses told. */
  readonly classWeights?: "none" | "balanced"
  /** How each step sees its images otherwise than they are; they are [height, width, channels] then. */
  readonly stepViews?: StepViews.Strengths | null
  /** When the training is over before its last epoch. It also says what the best epoch is chosen by. */
  readonly stopping?: EarlyStopping.EarlyStopping | null
  readonly batchSize: number
  readonly seed: number
}

/** What comes of a training. */
export interface Trained {
  readonly network: Network.Checked
  /** Those of the best epoch, in the order of `Network.weights`. */
  readonly weights: ReadonlyArray<Float32Array>
  readonly history: ReadonlyArray<Epoch>
  /** The epoch of the highest validation accuracy, or what else it is chosen by; the earliest of equals. */
  readonly bestEpoch: number
  /** Whether it is over before its last epoch. */
  readonly isOver: boolean
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
export class Diverged extends Explained.TaggedError<Diverged>()(
  "Diverged",
  {
    epoch: Schema.Int,
    step: Schema.Int,
    learningRate: Schema.Number,
    history: Schema.Array(Epoch)
  },
  ({ epoch, step, learningRate }) => {
    const lower = Math.min(1e-3, Number((learningRate / 10).toPrecision(3)))
    return {
      what: `Training diverged: the loss is infinite, or far too large to learn from, at epoch ${epoch}, step ${step}`,
      expected: "it to fall",
      fix: Text.text`Lower the learning rate: ${Text.setting("learningRate", lower)}.`
    }
  }
) {}

/** Data that no network can be trained on: sizes that contradict each other, a label or row out of range, too few rows. */
export class TrainingDataInvalid extends Explained.TaggedError<TrainingDataInvalid>()(
  "TrainingDataInvalid",
  {
    what: Schema.String,
    expected: Schema.String
  },
  ({ what, expected }) => ({
    what: `The training data is unusable: ${what}`,
    expected,
    fix: "Check the inputs and the split."
  })
) {}

/** The numbers of so many images, or rows. */
export const allOf = (images: number): Int32Array => Int32Array.from({ length: images }, (_, image) => image)

const check = ({ inputs, shape, labels, classes, views, training, validation }: Data) => {
  const size = Network.sizeOf(shape)
  const images = labels.length / views
  const fail = (what: string, expected: string) => new TrainingDataInvalid({ what, expected })
  for (const rows of [{ inputs, labels }, validation]) {
    const count = rows.labels.length
    if (rows.inputs.length !== count * size)
      return fail(`${count} labels come with ${rows.inputs.length} floats`, `${count * size}, ${size} a row`)
    const label = rows.labels.find((label) => label < 0 || label >= classes)
    if (label !== undefined) return fail(`a label is ${label}`, `0 to ${classes - 1}`)
  }
  if (!(Number.isInteger(images) && views >= 1))
    return fail(`${labels.length} rows are ${views} views`, "one row an image and view")
  const parts = [
    ["training", training, images],
    ["validation", validation.rows, validation.labels.length]
  ] as const
  for (const [name, chosen, count] of parts) {
    if (chosen.length === 0) return fail(`the ${name} part has no rows`, "at least one")
    const row = chosen.find((row) => row < 0 || row >= count)
    if (row !== undefined) return fail(`the ${name} part names row ${row}`, `0 to ${count - 1}`)
  }
  return Effect.void
}

/** Steps between two looks at the losses: reading one waits for the device. */
const lookEvery = 50

/** The rows of an epoch: its images in a new order, each in one of its views. */
const rowsOf = ({ labels, views, training }: Data, seed: number, epoch: number): Int32Array => {
  const order = Random.shuffle({ seed, purpose: "order", epoch, step: 0 }, training)
  if (views === 1) return order
  const images = labels.length / views
  const drawn = Random.words({ seed, purpose: "view", epoch, step: 0 }, order.length)
  return order.map((image, at) => Math.floor(((drawn[at] ?? 0) / 2 ** 32) * views) * images + image)
}

const trainEpoch = (
  stepper: CompiledStepper,
  data: Data,
  options: Options,
  epoch: number,
  history: ReadonlyArray<Epoch>
) =>
  Effect.gen(function* () {
    const { batchSize, optimizer, seed } = options
    const order = rowsOf(data, seed, epoch)
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
      yield* EventLoop.turn
    }
    return { steps, loss: loss / order.length, accuracy: correct / order.length }
  })

/** The rows to validate on, one after the other. */
export const validated = ({
  shape,
  validation: { inputs, labels, rows }
}: Pick<Data, "shape" | "validation">): Rows => {
  // a table of its own has no other rows: a copy of it would take its room twice
  if (rows.length === labels.length && rows.every((row, at) => row === at)) return { inputs, labels }
  const size = Network.sizeOf(shape)
  const chosen = { inputs: new Float32Array(rows.length * size), labels: new Int32Array(rows.length) }
  rows.forEach((row, at) => {
    chosen.inputs.set(inputs.subarray(row * size, (row + 1) * size), at * size)
    chosen.labels[at] = labels[row] ?? 0
  })
  return chosen
}

const validate = (stepper: CompiledStepper, labels: Int32Array, classes: number) =>
  Effect.gen(function* () {
    let tally = Evaluation.empty(classes)
    for (let start = 0; start < labels.length; start += Evaluation.batchRows) {
      const named = labels.subarray(start, start + Evaluation.batchRows)
      // what a last batch lacks is row 0 again, which nobody reads
      const rows = Int32Array.from({ length: Evaluation.batchRows }, (_, at) => (at < named.length ? start + at : 0))
      tally = Evaluation.add(tally, named, stepper.predict(rows).subarray(0, named.length * classes))
      yield* EventLoop.turn
    }
    return { validationLoss: Evaluation.loss(tally), validationAccuracy: Evaluation.accuracy(tally) }
  })

/** A network in training, epoch by epoch, until its scope closes. */
export interface Fitting {
  readonly network: Network.Checked
  /** Goes on from a state that `save` gave. */
  readonly resume: (state: Checkpoint.State) => Effect.Effect<void, TrainingState.StateUnreadable>
  /** The next epoch; interruptible between steps. */
  readonly epoch: (epoch: number) => Effect.Effect<Epoch, Diverged>
  readonly save: Effect.Effect<Checkpoint.State>
  /** Whether no further epoch is to be computed: the same after a training is resumed. */
  readonly isOver: Effect.Effect<boolean>
  /** What came of the epochs so far, of which there must be one. */
  readonly trained: Effect.Effect<Trained, TrainingDataInvalid>
}

/**
 * Opens the training of a classifier: sparse categorical cross-entropy, rows reshuffled every epoch, every step one call
 * of a compiled graph. What comes of it is a function of network, data, options and the number of epochs alone, bit for
 * bit on one machine with one thread count, whether or not it was saved and resumed in between.
 */
export const open = (
  layers: Network.Network,
  data: Data,
  options: Options
): Effect.Effect<Fitting, TrainingDataInvalid | Network.NetworkInvalid | GraphUnloadable, Tensorflow | Scope.Scope> =>
  Effect.gen(function* () {
    const network = yield* Network.check(layers, data.shape, data.classes)
    yield* check(data)
    // a batch is never larger than what there is: the rest of it would be computed for nothing
    const batchSize = Math.min(options.batchSize, data.training.length)
    const fitted = { ...options, batchSize }
    const { batchRows } = Evaluation
    const { inputs, labels } = validated(data)
    const setup: Stepper.Setup = {
      ...Stepper.plain,
      ...fitted,
      ...data,
      network,
      lookEvery,
      stepsPerEpoch: Math.ceil(data.training.length / batchSize),
      classWeights: options.classWeights === "balanced" ? ClassWeights.balanced(data) : null,
      stepViews: options.stepViews ?? null
    }
    const stepper = yield* compiled(setup, { inputs, batchRows })
    const { slots } = Optimizer.rule(setup.optimizer, setup.stepsPerEpoch)
    const stopping = options.stopping ?? null
    const by: Measure = stopping?.on ?? "accuracy"
    let history: ReadonlyArray<Epoch> = []
    let best: TrainingState.Best | undefined
    const isOver = () => stopping !== null && EarlyStopping.isOver(history, stopping)
    return {
      network,
      resume: (state) =>
        Effect.map(TrainingState.read(network, slots, by, state), (read) => {
          stepper.restore(read.weights, read.slots)
          history = read.history
          best = read.best
        }),
      epoch: (epoch) =>
        Effect.gen(function* () {
          const { steps, ...trained } = yield* trainEpoch(stepper, data, fitted, epoch, history)
          const measured = yield* validate(stepper, labels, data.classes)
          if (!Number.isFinite(measured.validationLoss)) {
            const { learningRate } = options.optimizer
            return yield* new Diverged({ epoch, step: steps, learningRate, history })
          }
          const row = { epoch, ...trained, ...measured }
          const leader = best === undefined ? undefined : history[best.epoch - 1]
          history = [...history, row]
          if (leader === undefined || isBetter(row, leader, by)) best = { epoch, weights: stepper.weights() }
          return row
        }),
      save: Effect.sync(() => {
        // where the newest epoch is the best one, its weights are at hand already
        const weights = best !== undefined && best.epoch === history.length ? best.weights : stepper.weights()
        return TrainingState.write(network, { weights, slots: stepper.slots(), history, best })
      }),
      isOver: Effect.sync(isOver),
      trained: Effect.suspend(() =>
        best === undefined
          ? new TrainingDataInvalid({ what: "there are no epochs", expected: "at least one" })
          : Effect.succeed({ network, weights: best.weights, history, bestEpoch: best.epoch, isOver: isOver() })
      )
    }
  })

/** Trains for so many epochs, or until it is over, and tells each. */
export const fit = <E = never, R = never>(
  layers: Network.Network,
  data: Data,
  { epochs, ...options }: Options & { readonly epochs: number },
  onEpoch: (epoch: Epoch) => Effect.Effect<void, E, R>
) =>
  Effect.gen(function* () {
    const fitting = yield* open(layers, data, options)
    for (let epoch = 1; epoch <= epochs && !(yield* fitting.isOver); epoch++)
      yield* Effect.flatMap(fitting.epoch(epoch), onEpoch)
    return yield* fitting.trained
  }).pipe(Effect.scoped)
