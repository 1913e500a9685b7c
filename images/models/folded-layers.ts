import { Effect, Schema } from "effect"
import { Explained } from "headrace"
import type { Block, Convolution } from "./Convolution.ts"
import * as KerasWeights from "./KerasWeights.ts"

/** A network of convolutions with its weights, as data: what every runtime computes. */
export type FoldedNetwork = ReadonlyArray<Block<Folded>>

/** A convolution that carries its normalization: `values` in the order of `kernel`, and a bias an output channel. */
export interface Folded extends Convolution {
  readonly values: Float32Array
  readonly bias: Float32Array
}

type LayerFailure = KerasWeights.WeightMissing | KerasWeights.WeightMisshapen | VarianceNegative

/** A variance is a mean of squares. Below zero its root would be no number, which ReLU6 turns into plausible zeros. */
export class VarianceNegative extends Explained.TaggedError<VarianceNegative>()(
  "VarianceNegative",
  {
    layer: Schema.String,
    channel: Schema.Int,
    found: Schema.Number
  },
  ({ layer, channel, found }) => ({
    what: `The weight "moving_variance" of layer "${layer}" is damaged: channel ${channel} has ${found}`,
    expected: "a variance of 0 or more",
    fix: "Replace the weight file with a fresh copy."
  })
) {}

/** Batch normalization is linear once trained, so the kernel and a bias can carry it: epsilon as Keras has it. */
const fold = (weights: KerasWeights.KerasWeights, one: Convolution): Effect.Effect<Folded, LayerFailure> =>
  Effect.gen(function* () {
    const { layer, norm, depthwise, kernel } = one
    const channels = depthwise ? kernel[2] : kernel[3]
    const values = yield* KerasWeights.find(weights, layer, depthwise ? "depthwise_kernel" : "kernel", kernel)
    const ofNorm = (name: string) => KerasWeights.find(weights, norm, name, [channels])
    const [gamma, beta] = [yield* ofNorm("gamma"), yield* ofNorm("beta")]
    const [mean, variance] = [yield* ofNorm("moving_mean"), yield* ofNorm("moving_variance")]
    const channel = variance.findIndex((value) => value < 0)
    if (channel >= 0) return yield* new VarianceNegative({ layer: norm, channel, found: variance[channel] ?? 0 })
    const scale = Float64Array.from(gamma, (value, channel) => value / Math.sqrt((variance[channel] ?? 0) + 1e-3))
    return {
      ...one,
      values: values.map((value, index) => value * (scale[index % channels] ?? 0)),
      bias: beta.map((value, channel) => value - (mean[channel] ?? 0) * (scale[channel] ?? 0))
    }
  })

/** The blocks with their weights: what every runtime computes over pixels brought from [0, 1] to [-1, 1]. */
export const folded = (
  blocks: ReadonlyArray<Block<Convolution>>,
  weights: KerasWeights.KerasWeights
): Effect.Effect<FoldedNetwork, LayerFailure> =>
  Effect.forEach(blocks, ({ convolutions, residual }) =>
    Effect.map(
      Effect.forEach(convolutions, (one) => fold(weights, one)),
      (convolutions) => ({ convolutions, residual })
    )
  )
