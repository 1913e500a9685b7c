/**
 * The optimizers that a training may have.
 *
 * @module
 */
import { Schema } from "effect"
import type { Attr } from "../services/tensorflow-graph.ts"
import * as LearningRate from "./LearningRate.ts"

/** Adam as Keras has it: Kingma and Ba (2015), "epsilon hat" form, beta 0.9 and 0.999, epsilon 1e-7. */
const Adam = Schema.Struct({ kind: Schema.Literal("adam"), ...LearningRate.LearningRate })
/**
 * The same with decoupled weight decay (Loshchilov and Hutter, 2019), as Keras has it: before its update a step takes
 * learningRate * weightDecay of every weight from it, of biases as well.
 */
const AdamW = Schema.Struct({
  kind: Schema.Literal("adamw"),
  ...LearningRate.LearningRate,
  weightDecay: Schema.Number
})
/** Gradient descent; with a momentum, v = momentum * v - learningRate * g and w = w + v, as Keras has it. */
const Sgd = Schema.Struct({ kind: Schema.Literal("sgd"), ...LearningRate.LearningRate, momentum: Schema.Number })

/** Adam, AdamW or gradient descent, and the size of its steps. */
export const Optimizer = Schema.Union(Adam, AdamW, Sgd)
export type Optimizer = typeof Optimizer.Type

/** An optimizer as one fused TensorFlow kernel a weight, run eagerly or as a node of a graph. */
export interface Rule {
  readonly op: string
  readonly attrs: Readonly<Record<string, Attr>>
  /** Arrays of a weight's shape that it keeps beside it, zeros at the start. */
  readonly slots: number
  /** The numbers that it takes at a step of an epoch, both counted from 1 over the whole training. */
  readonly scalars: (epoch: number, step: number) => ReadonlyArray<number>
  /** The kernel's inputs in its order, be they tensors or names. */
  readonly inputs: <A>(weight: A, slots: ReadonlyArray<A>, scalars: ReadonlyArray<A>, gradient: A) => ReadonlyArray<A>
  /** Which of the scalars is the share of a weight that is taken from it before the update; null where none is. */
  readonly weightDecay: number | null
}

const float: Attr = { type: "float" }
const off: Attr = { flag: false }

/** How an optimizer is carried out by the kernels of TensorFlow, in a training of so many steps an epoch. */
export const rule = (optimizer: Optimizer, stepsPerEpoch: number): Rule => {
  const rate = LearningRate.at(optimizer, stepsPerEpoch)
  if (optimizer.kind === "sgd") {
    const { momentum } = optimizer
    if (momentum === 0) {
      return {
        op: "ResourceApplyGradientDescent",
        attrs: { T: float, use_locking: off },
        slots: 0,
        scalars: (epoch, step) => [rate(epoch, step)],
        inputs: (weight, _, scalars, gradient) => [weight, ...scalars, gradient],
        weightDecay: null
      }
    }
    return {
      op: "ResourceApplyKerasMomentum",
      attrs: { T: float, use_locking: off, use_nesterov: off },
      slots: 1,
      scalars: (epoch, step) => [rate(epoch, step), momentum],
      inputs: (weight, slots, [size, momentum], gradient) =>
        [weight, ...slots, size, gradient, momentum].filter((input) => input !== undefined),
      weightDecay: null
    }
  }
  const scalars = (epoch: number, step: number) => [0.9 ** step, 0.999 ** step, rate(epoch, step), 0.9, 0.999, 1e-7]
  const { length } = scalars(1, 1)
  return {
    op: "ResourceApplyAdam",
    attrs: { T: float, use_locking: off, use_nesterov: off },
    slots: 2,
    scalars:
      optimizer.kind === "adam"
        ? scalars
        : (epoch, step) => [...scalars(epoch, step), rate(epoch, step) * optimizer.weightDecay],
    inputs: (weight, slots, scalars, gradient) => [weight, ...slots, ...scalars.slice(0, length), gradient],
    weightDecay: optimizer.kind === "adam" ? null : length
  }
}
