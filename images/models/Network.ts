/**
 * Networks as lists of layers: whether they fit together, what they learn, and what they compute.
 *
 * @module
 */
import { Effect, Either, Schema } from "effect"
import { Explained } from "headrace"
import * as Random from "headrace/random"
import * as Layer from "./Layer.ts"
import type { Operations } from "./operations.ts"

type Tensor = import("@tensorflow/tfjs-node-gpu").Tensor

/** A classifier of images or rows: layers in sequence, of which the last is a dense softmax over the classes. */
export const Network = Schema.Array(Layer.Layer)
export type Network = typeof Network.Type

/** The layers with what makes a classifier of them at the end. */
export const withEnd = (layers: Network, classes: number): Network => [
  ...layers,
  { kind: "dense", units: classes, activation: "softmax" }
]

/** The layers in a few words, such as `conv 32, pool 2, flatten, dense 128`. */
export const text = (layers: Network): string => layers.map((layer) => Layer.kindOf(layer).text(layer)).join(", ")

/** A network that cannot be built, and which layer (counted from 1) of what kind is in the way. */
export class NetworkInvalid extends Explained.TaggedError<NetworkInvalid>()(
  "NetworkInvalid",
  {
    layer: Schema.Int,
    kind: Schema.String,
    what: Schema.String,
    expected: Schema.String,
    /** The shapes up to the layer, the input's first. */
    shapes: Schema.Array(Schema.Array(Schema.Number))
  },
  ({ layer, kind, what, expected, shapes }) => ({
    what: `Layer ${layer} (${kind}) cannot be built: ${what}`,
    expected,
    fix: `Change it or the layers before it: ${shapes.map((shape) => `[${shape.join(", ")}]`).join(" -> ")} so far.`
  })
) {}

/** A layer between the shapes it maps, which are without the batch. */
export interface Placed {
  readonly layer: Layer.Layer
  /** Fixed by its place and kind, such as `dense_1`: the second layer. */
  readonly name: string
  readonly input: Layer.Shape
  readonly output: Layer.Shape
  readonly weights: ReadonlyArray<Layer.Weight>
}

/** A network whose shapes fit, from its input to its classes. */
export interface Checked {
  readonly network: Network
  readonly input: Layer.Shape
  readonly classes: number
  readonly layers: ReadonlyArray<Placed>
}

const isSoftmax = (layer: Layer.Layer) => "activation" in layer && layer.activation === "softmax"
const isRelu = (layer: Layer.Layer | undefined) =>
  layer !== undefined && "activation" in layer && layer.activation === "relu"
const pools = (placed: Placed | undefined) => placed?.layer.kind === "max-pool"

/** What keeps a layer from its place; `last` where no layer follows. */
const place = (layer: Layer.Layer, input: Layer.Shape, classes: number, last: boolean) => {
  const end = `dense softmax with a unit for each of the ${classes} classes at the end`
  return Either.flatMap(Layer.kindOf(layer).output(layer, input), (output) => {
    if (last && (layer.kind !== "dense" || !isSoftmax(layer) || layer.units !== classes)) {
      return Either.left({
        what: `it is the last and makes [${output.join(", ")}] of [${input.join(", ")}]`,
        expected: end
      })
    }
    if (!last && isSoftmax(layer)) return Either.left({ what: "it is a softmax amid the network", expected: end })
    return Either.right(output)
  })
}

/** The shapes of every layer for inputs of one shape (without the batch), or the layer that does not fit. */
export const check = (network: Network, input: Layer.Shape, classes: number): Effect.Effect<Checked, NetworkInvalid> =>
  Effect.gen(function* () {
    const refuse = (index: number, shapes: ReadonlyArray<Layer.Shape>, { what, expected }: Layer.Misfit) =>
      new NetworkInvalid({ layer: index + 1, kind: network[index]?.kind ?? "none", what, expected, shapes })
    if (!(Number.isInteger(classes) && classes >= 2)) {
      return yield* refuse(network.length - 1, [input], {
        what: `there are ${classes} classes`,
        expected: "at least two"
      })
    }
    if (input.length === 0 || input.some((size) => !Number.isInteger(size) || size < 1)) {
      return yield* refuse(0, [input], { what: `its input is [${input.join(", ")}]`, expected: "sizes above 0" })
    }
    if (network.length === 0) {
      return yield* refuse(0, [input], { what: "the network has no layers", expected: "a dense softmax at least" })
    }
    const layers: Array<Placed> = []
    for (const [index, layer] of network.entries()) {
      const before = layers.at(-1)?.output ?? input
      const shapes = [input, ...layers.map(({ output }) => output)]
      const output = yield* Effect.mapError(place(layer, before, classes, index === network.length - 1), (misfit) =>
        refuse(index, shapes, misfit)
      )
      const weights = Layer.kindOf(layer).weights(layer, before)
      layers.push({ layer, name: `${layer.kind.replaceAll("-", "_")}_${index}`, input: before, output, weights })
    }
    return { network, input, classes, layers }
  })

/** How many numbers an array of that shape holds. */
export const sizeOf = (shape: Layer.Shape) => shape.reduce((size, length) => size * length, 1)

/** Every array that the network learns, layer by layer. */
export const weights = ({ layers }: Checked) =>
  layers.flatMap((placed) =>
    placed.weights.map((weight) => ({ ...weight, layer: placed.name, size: sizeOf(weight.shape) }))
  )

/** How many numbers the network learns. */
export const parameters = (checked: Checked): number => weights(checked).reduce((sum, { size }) => sum + size, 0)

/** Weights to start from, as Keras draws them by default (Glorot and Bengio, 2010, equation 16; zeros for biases). */
export const initialWeights = (checked: Checked, seed: number): ReadonlyArray<Float32Array> =>
  weights(checked).map(({ name, size, fans: [fanIn, fanOut] }, index) =>
    name === "bias"
      ? new Float32Array(size)
      : Random.uniform({ seed, purpose: "weights", epoch: 0, step: index }, size, Math.sqrt(6 / (fanIn + fanOut)))
  )

const drops = (layer: Layer.Layer) => layer.kind === "dropout" && layer.rate > 0

/** How many seeds a training step needs. */
export const dropouts = ({ network }: Checked): number => network.filter(drops).length

/**
 * The logits [batch, classes] of a batch [batch, ...input]. With a seed (int32 [2]) for each layer that drops, as in
 * training; with null nothing is dropped.
 */
export const logits = (
  tf: Operations,
  { layers }: Checked,
  weights: ReadonlyArray<Tensor>,
  x: Tensor,
  seeds: ReadonlyArray<Tensor> | null
): Tensor => {
  let at = 0
  let seed = 0
  return layers.reduce((before, { layer, weights: { length } }, index) => {
    const own = weights.slice(at, at + length)
    at += length
    const drawn = seeds !== null && drops(layer) ? (seeds[seed++] ?? null) : null
    const applied = isRelu(layer) && pools(layers[index + 1]) ? { ...layer, activation: "linear" as const } : layer
    const output = Layer.kindOf(layer).apply(tf, applied, before, own, drawn)
    // the greatest of rectified values is the greatest rectified: the same numbers, of a fraction of the values
    return pools(layers[index]) && isRelu(layers[index - 1]?.layer) ? tf.relu(output) : output
  }, x)
}
