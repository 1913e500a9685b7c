/**
 * The optimizers that a training may have.
 *
 * @module
 */
import { Schema } from "effect"
import type { Attr } from "../services/tensorflow-graph.ts"

/**
 * An epoch's steps have the size learningRate / (1 + decay * (epoch - 1)), which without a decay is the learning rate: Keras'
 * InverseTimeDecay by whole epochs. It knows nothing of how many epochs there will be, so more go on from fewer.
 */
const steps = { learningRate: Schema.Number, decay: Schema.optional(Schema.Number) }

/** Adam as Keras has it: Kingma and Ba (2015), "epsilon hat" form, beta 0.9 and 0.999, epsilon 1e-7. */
const Adam = Schema.Struct({ kind: Schema.Literal("adam"), ...steps })
/** Gradient descent; with a momentum, v = momentum * v - learningRate * g and w = w + v, as Keras has it. */
const Sgd = Schema.Struct({ kind: Schema.Literal("sgd"), ...steps, momentum: Schema.Number })

/** Adam or gradient descent, and the size of its steps. */
export const Optimizer = Schema.Union(Adam, Sgd)
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
}

const float: Attr = { type: "float" }
const off: Attr = { flag: false }

/** How an optimizer is carried out by the kernels of TensorFlow. */
export const rule = (optimizer: Optimizer): Rule => {
  const { learningRate, decay = 0 } = optimizer
  const rate = (epoch: number) => learningRate / (1 + decay * (epoch - 1))
  if (optimizer.kind === "adam") {
    return {
      op: "ResourceApplyAdam",
      attrs: { T: float, use_locking: off, use_nesterov: off },
      slots: 2,
      scalars: (epoch, step) => [0.9 ** step, 0.999 ** step, rate(epoch), 0.9, 0.999, 1e-7],
      inputs: (weight, slots, scalars, gradient) => [weight, ...slots, ...scalars, gradient]
    }
  }
  const { momentum } = optimizer
  if (momentum === 0) {
    return {
      op: "ResourceApplyGradientDescent",
      attrs: { T: float, use_locking: off },
      slots: 0,
      scalars: (epoch) => [rate(epoch)],
      inputs: (weight, _, scalars, gradient) => [weight, ...scalars, gradient]
    }
  }
  return {
    op: "ResourceApplyKerasMomentum",
    attrs: { T: float, use_locking: off, use_nesterov: off },
    slots: 1,
    scalars: (epoch) => [rate(epoch), momentum],
    inputs: (weight, slots, [size, momentum], gradient) =>
      [weight, ...slots, size, gradient, momentum].filter((input) => input !== undefined)
  }
}
