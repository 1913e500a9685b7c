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
  readonly batchSize: number
  readonly seed: number
  /** The most steps between two calls of `losses`. */
  readonly lookEvery: number
}

/** The tensors that an update is computed from. A batch is always whole: what is missing is repeated, with a share of 0. */
export interface Batch {
  /** float32 [batchSize, ...network.input] */
  readonly x: Tensor
  /** int32 [batchSize] */
  readonly labels: Tensor
  /** float32 [batchSize]: what a row counts, 1 / rows or 0. */
  readonly shares: Tensor
  /** int32 [2] for each layer that drops */
  readonly seeds: ReadonlyArray<Tensor>
}

/** The rows of a whole batch, and what each counts: the first row fills up, so that no strange number comes in. */
export const whole = (rows: Int32Array, batchSize: number) => {
  const filled = new Int32Array(batchSize).fill(rows[0] ?? 0)
  filled.set(rows)
  const shares = new Float32Array(batchSize).fill(1 / rows.length, 0, rows.length)
  return { rows: filled, shares }
}

/** The seeds of a step's dropout layers, two words each, in their order. */
export const seeds = (setup: Setup, epoch: number, step: number): ReadonlyArray<Int32Array> => {
  const layers = Network.dropouts(setup.network)
  const drawn = Random.words({ seed: setup.seed, purpose: "dropout", epoch, step }, 2 * layers)
  return Array.from({ length: layers }, (_, at) => Int32Array.from(drawn.subarray(2 * at, 2 * at + 2)))
}

/** [mean loss, correct rows] and the gradient of every weight: the program of a step, run eagerly or traced. */
export const gradients = (
  tf: Tf,
  setup: Pick<Setup, "network" | "l2">,
  weights: ReadonlyArray<Tensor>,
  { x, labels, shares, seeds }: Batch,
  ops: Operations = operations(tf)
): ReadonlyArray<Tensor> => {
  const { network, l2 } = setup
  const kept: Array<Tensor> = []
  const minimised = (...weights: Array<Tensor>) => {
    const logits = Network.logits(ops, network, weights, x, seeds)
    kept.push(tf.keep(logits))
    return ops.weightedCrossEntropy(logits, labels, shares)
  }
  const { value, grads } = tf.valueAndGrads(minimised)([...weights])
  const right = tf.cast(tf.equal(tf.argMax(kept[0] as Tensor, 1), labels), "float32")
  const correct = tf.sum(tf.mul(right, tf.cast(tf.greater(shares, 0), "float32")))
  tf.dispose(kept)
  const named = Network.weights(network)
  return [
    tf.stack([value, correct]),
    ...grads.map((gradient, at) =>
      l2 > 0 && named[at]?.name === "kernel" ? tf.add(gradient, tf.mul(weights[at] as Tensor, 2 * l2)) : gradient
    )
  ]
}
