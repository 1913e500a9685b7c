/**
 * What the two ways to carry out training steps share, eager and compiled.
 *
 * @module
 */
import * as Random from "headrace/random"
import type { Tf } from "../services/Tensorflow.ts"
import * as Network from "./Network.ts"
import type { Optimizer } from "./Optimizer.ts"
import { type Operations, operations } from "./operations.ts"
import * as StepViews from "./StepViews.ts"

type Tensor = import("@tensorflow/tfjs-node-gpu").Tensor

/** A network in training: its weights, its optimizer's state and the data, held natively until its scope closes. */
export interface Stepper {
  /** One update from the batch of these rows, `batchSize` at most. `step` counts from 1 over the whole training. */
  readonly step: (rows: Int32Array, epoch: number, step: number) => void
  /** Of each step since the last call, `lookEvery` at most: before its update and with dropout. */
  readonly losses: () => ReadonlyArray<Told>
  /** The arrays as they are now, in the order of `Network.weights`. */
  readonly weights: () => ReadonlyArray<Float32Array>
}

/** What a step tells: mean cross-entropy of its rows in nats, and how many of them were right. */
export interface Told {
  readonly loss: number
  readonly correct: number
}

/** What a training is made of. Inputs are row-major [rows, ...network.input]. */
export interface Setup {
  readonly network: Network.Checked
  readonly inputs: Float32Array
  readonly labels: Int32Array
  readonly optimizer: Optimizer
  /** L2 penalty of the kernels: l2 * sum(kernel^2) is added to what is minimised, not to the losses told. */
  readonly l2: number
  /** The share of each label that is spread over all classes in what is minimised; the losses told are of the labels themselves. */
  readonly labelSmoothing: number
  /** What the rows of each class count in what is minimised; null where all count as one. The losses told are not weighted. */
  readonly classWeights: ReadonlyArray<number> | null
  /** How images are seen by a step; null where they are seen as they are. */
  readonly stepViews: StepViews.Strengths | null
  readonly batchSize: number
  readonly stepsPerEpoch: number
  readonly seed: number
  /** The most steps between two calls of `losses`. */
  readonly lookEvery: number
}

/** What a step minimises beside the mean cross-entropy of its rows, and what it does to them, where nobody asks for any of it. */
export const plain = { l2: 0, labelSmoothing: 0, classWeights: null, stepViews: null } as const

/** The tensors that an update is computed from. A batch is always whole: what is missing is repeated, with a share of 0. */
export interface Batch {
  /** float32 [batchSize, ...network.input] */
  readonly x: Tensor
  /** int32 [batchSize] */
  readonly labels: Tensor
  /** float32 [batchSize]: what a row counts, 1 / rows or 0. */
  readonly shares: Tensor
  /** float32 [batchSize]: the shares times what the classes count; null where all count as one. */
  readonly weighted: Tensor | null
  /** float32 [batchSize, StepViews.mapSize]; null where images are seen as they are. */
  readonly maps: Tensor | null
  /** int32 [2] for each layer that drops */
  readonly seeds: ReadonlyArray<Tensor>
}

/** The rows of a whole batch, and what each counts: the first row fills up, so that no strange number comes in. */
const whole = (rows: Int32Array, batchSize: number) => {
  const filled = new Int32Array(batchSize).fill(rows[0] ?? 0)
  filled.set(rows)
  const shares = new Float32Array(batchSize).fill(1 / rows.length, 0, rows.length)
  return { rows: filled, shares }
}

/** As Keras' class_weight: of the rows' number, and not of the weights' sum, each row gets its share. */
const weightedShares = (
  { rows, shares }: { readonly rows: Int32Array; readonly shares: Float32Array },
  { labels, classWeights }: Setup
): Float32Array | null =>
  classWeights === null ? null : shares.map((share, at) => share * (classWeights[labels[rows[at] ?? 0] ?? 0] ?? 1))

/** The seeds of a step's dropout layers, two words each, in their order. */
const seeds = (setup: Setup, epoch: number, step: number): ReadonlyArray<Int32Array> => {
  const layers = Network.dropouts(setup.network)
  const drawn = Random.words({ seed: setup.seed, purpose: "dropout", epoch, step }, 2 * layers)
  return Array.from({ length: layers }, (_, at) => Int32Array.from(drawn.subarray(2 * at, 2 * at + 2)))
}

/** The numbers that a step of these rows is given: a function of them, the epoch and the step alone. */
export const given = (setup: Setup, rows: Int32Array, epoch: number, step: number) => {
  const { batchSize, network, seed, stepViews } = setup
  const batch = whole(rows, batchSize)
  return {
    ...batch,
    weighted: weightedShares(batch, setup),
    maps: stepViews === null ? null : StepViews.maps(batchSize, network.input, { seed, epoch, step }, stepViews),
    seeds: seeds(setup, epoch, step)
  }
}

/** [mean loss, correct rows] and the gradient of every weight: the program of a step, run eagerly or traced. */
export const gradients = (
  tf: Tf,
  setup: Pick<Setup, "network" | "l2" | "labelSmoothing">,
  weights: ReadonlyArray<Tensor>,
  { x, labels, shares, weighted, maps, seeds }: Batch,
  ops: Operations = operations(tf)
): ReadonlyArray<Tensor> => {
  const { network, l2, labelSmoothing } = setup
  const seen = maps === null ? x : ops.mapped(x, maps)
  const kept: Array<Tensor> = []
  const minimised = (...weights: Array<Tensor>) => {
    const logits = Network.logits(ops, network, weights, seen, seeds)
    kept.push(tf.keep(logits))
    const counted = weighted ?? shares
    return labelSmoothing === 0
      ? ops.weightedCrossEntropy(logits, labels, counted)
      : ops.smoothedCrossEntropy(logits, labels, counted, labelSmoothing)
  }
  const { value, grads } = tf.valueAndGrads(minimised)([...weights])
  const logits = kept[0] as Tensor
  const right = tf.cast(tf.equal(tf.argMax(logits, 1), labels), "float32")
  const correct = tf.sum(tf.mul(right, tf.cast(tf.greater(shares, 0), "float32")))
  const isPlain = labelSmoothing === 0 && weighted === null
  const told = isPlain ? value : ops.weightedCrossEntropy(logits, labels, shares)
  tf.dispose(kept)
  const named = Network.weights(network)
  return [
    tf.stack([told, correct]),
    ...grads.map((gradient, at) =>
      l2 > 0 && named[at]?.name === "kernel" ? tf.add(gradient, tf.mul(weights[at] as Tensor, 2 * l2)) : gradient
    )
  ]
}
