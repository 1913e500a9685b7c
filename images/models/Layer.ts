/**
 * The layers that a network may consist of, and what each kind does: its shapes, weights and computation, and what Keras
 * calls it.
 *
 * @module
 */
import { Either, Schema } from "effect"
import type { Operations } from "./operations.ts"

type Tensor = import("@tensorflow/tfjs-node-gpu").Tensor

const Activation = Schema.Literal("linear", "relu", "softmax")

/** `filters` kernels of kernelSize x kernelSize, stride 1. */
const Conv2d = Schema.Struct({
  kind: Schema.Literal("conv2d"),
  filters: Schema.Number,
  kernelSize: Schema.Number,
  padding: Schema.Literal("same", "valid"),
  activation: Activation
})
/** The greatest of every size x size window, stride `size`; what does not fill a window is cut off. */
const MaxPool = Schema.Struct({ kind: Schema.Literal("max-pool"), size: Schema.Number })
const GlobalAveragePooling = Schema.Struct({ kind: Schema.Literal("global-average-pooling") })
const Flatten = Schema.Struct({ kind: Schema.Literal("flatten") })
const Dense = Schema.Struct({ kind: Schema.Literal("dense"), units: Schema.Number, activation: Activation })
/** In training, drops a share `rate` of the activations and scales the others by 1 / (1 - rate). */
const Dropout = Schema.Struct({ kind: Schema.Literal("dropout"), rate: Schema.Number })

/** A layer of a network. A new kind is a struct here and an entry of `kinds`. */
export const Layer = Schema.Union(Conv2d, MaxPool, GlobalAveragePooling, Flatten, Dense, Dropout)
export type Layer = typeof Layer.Type

/** Sizes without the batch: [height, width, channels] of an image, [features] of a row. */
export type Shape = ReadonlyArray<number>

/** An array that a layer learns. Kernels start Glorot-uniform over their fans, biases at zero. */
export interface Weight {
  readonly name: "kernel" | "bias"
  readonly shape: Shape
  readonly fans: readonly [fanIn: number, fanOut: number]
}

/** Why a layer cannot stand where it does. */
export interface Misfit {
  readonly what: string
  readonly expected: string
}

interface Kind<L> {
  /** The layer in a word or two, such as `conv 32`. */
  readonly text: (layer: L) => string
  /** The shape that it makes of its input. */
  readonly output: (layer: L, input: Shape) => Either.Either<Shape, Misfit>
  /** In the order in which Keras stores them. */
  readonly weights: (layer: L, input: Shape) => ReadonlyArray<Weight>
  /** As Keras describes it in a layers model, without its name. */
  readonly keras: (layer: L) => { readonly className: string; readonly config: object }
  /** Its output for a batch; `seed` (int32 [2]) is null where nothing is learned. A softmax is left to the caller. */
  readonly apply: (tf: Operations, layer: L, x: Tensor, weights: ReadonlyArray<Tensor>, seed: Tensor | null) => Tensor
}

const text = (shape: Shape) => `[${shape.join(", ")}]`
const misfit = (what: string, expected: string) => Either.left({ what, expected })
const mostCount = 2 ** 24
const isCount = (value: number) => Number.isInteger(value) && value > 0 && value <= mostCount
const count = `a whole number from 1 to ${mostCount}`
const image = "an image [height, width, channels]"

// zeros: tfjs draws the initial values in JavaScript before it loads the stored ones over them, seconds for nothing
const zeros = {
  use_bias: true,
  kernel_initializer: { class_name: "Zeros", config: {} },
  bias_initializer: { class_name: "Zeros", config: {} }
}

const kernelAndBias = (shape: Shape, fans: readonly [number, number]): ReadonlyArray<Weight> => [
  { name: "kernel", shape, fans },
  { name: "bias", shape: [shape.at(-1) ?? 0], fans }
]

const conv2d: Kind<typeof Conv2d.Type> = {
  text: ({ filters }) => `conv ${filters}`,
  output: ({ filters, kernelSize, padding }, input) => {
    const [height = 0, width = 0] = input
    if (!isCount(filters)) return misfit(`it has ${filters} filters`, count)
    if (!isCount(kernelSize)) return misfit(`its kernel size is ${kernelSize}`, count)
    if (input.length !== 3) return misfit(`its input is ${text(input)}`, image)
    const lost = padding === "valid" ? kernelSize - 1 : 0
    return height > lost && width > lost
      ? Either.right([height - lost, width - lost, filters])
      : misfit(
          `its ${kernelSize}x${kernelSize} kernel makes ${text([height - lost, width - lost, filters])} of ${text(input)}`,
          `an input of at least ${kernelSize}x${kernelSize}`
        )
  },
  weights: ({ filters, kernelSize }, input) => {
    const channels = input[2] ?? 0
    const window = kernelSize * kernelSize
    return kernelAndBias([kernelSize, kernelSize, channels, filters], [window * channels, window * filters])
  },
  keras: ({ filters, kernelSize, padding, activation }) => ({
    className: "Conv2D",
    config: {
      filters,
      kernel_size: [kernelSize, kernelSize],
      strides: [1, 1],
      padding,
      data_format: "channels_last",
      dilation_rate: [1, 1],
      activation,
      ...zeros
    }
  }),
  apply: (tf, { padding, activation }, x, [kernel, bias]) =>
    tf.biasActivation(tf.conv2d(x, kernel as Tensor, padding), bias as Tensor, activation)
}

const maxPool: Kind<typeof MaxPool.Type> = {
  text: ({ size }) => `pool ${size}`,
  output: ({ size }, input) => {
    const [height = 0, width = 0, channels = 0] = input
    if (!isCount(size)) return misfit(`its size is ${size}`, count)
    if (input.length !== 3) return misfit(`its input is ${text(input)}`, image)
    const pooled = [Math.floor(height / size), Math.floor(width / size), channels]
    return pooled.every((length) => length > 0)
      ? Either.right(pooled)
      : misfit(
          `its ${size}x${size} windows make ${text(pooled)} of ${text(input)}`,
          `an input of at least ${size}x${size}`
        )
  },
  weights: () => [],
  keras: ({ size }) => ({
    className: "MaxPooling2D",
    config: { pool_size: [size, size], strides: [size, size], padding: "valid", data_format: "channels_last" }
  }),
  apply: (tf, { size }, x) => tf.maxPool(x, size)
}

const globalAveragePooling: Kind<typeof GlobalAveragePooling.Type> = {
  text: () => "average",
  output: (_, input) =>
    input.length === 3 ? Either.right(input.slice(2)) : misfit(`its input is ${text(input)}`, image),
  weights: () => [],
  keras: () => ({ className: "GlobalAveragePooling2D", config: { data_format: "channels_last" } }),
  apply: (tf, _, x) => tf.averageImage(x)
}

const flatten: Kind<typeof Flatten.Type> = {
  text: () => "flatten",
  output: (_, input) => Either.right([input.reduce((size, length) => size * length, 1)]),
  weights: () => [],
  keras: () => ({ className: "Flatten", config: {} }),
  apply: (tf, _, x) => tf.flatten(x)
}

const dense: Kind<typeof Dense.Type> = {
  text: ({ units }) => `dense ${units}`,
  output: ({ units }, input) => {
    if (!isCount(units)) return misfit(`it has ${units} units`, count)
    return input.length === 1
      ? Either.right([units])
      : misfit(`its input is ${text(input)}`, "rows [features]: put flatten or global-average-pooling before it")
  },
  weights: ({ units }, input) => kernelAndBias([input[0] ?? 0, units], [input[0] ?? 0, units]),
  keras: ({ units, activation }) => ({ className: "Dense", config: { units, activation, ...zeros } }),
  apply: (tf, { activation }, x, [kernel, bias]) =>
    tf.biasActivation(tf.matMul(x, kernel as Tensor), bias as Tensor, activation)
}

const dropout: Kind<typeof Dropout.Type> = {
  text: ({ rate }) => `dropout ${rate}`,
  output: ({ rate }, input) =>
    rate >= 0 && rate < 1 ? Either.right(input) : misfit(`its rate is ${rate}`, "a number from 0 to below 1"),
  weights: () => [],
  keras: ({ rate }) => ({ className: "Dropout", config: { rate } }),
  apply: (tf, { rate }, x, _, seed) => (seed === null || rate === 0 ? x : tf.dropout(x, rate, seed))
}

const kinds: { readonly [K in Layer["kind"]]: Kind<Extract<Layer, { kind: K }>> } = {
  conv2d,
  "max-pool": maxPool,
  "global-average-pooling": globalAveragePooling,
  flatten,
  dense,
  dropout
}

/** The kinds of layers by the names that a network is written with. */
export const kindNames: ReadonlyArray<string> = Object.keys(kinds)

/** What its kind does with a layer. The one cast: a layer's kind is the key of its own entry. */
export const kindOf = (layer: Layer): Kind<Layer> => kinds[layer.kind] as Kind<Layer>
