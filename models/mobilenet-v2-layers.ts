import { Effect, Schema } from "effect"
import * as KerasWeights from "./KerasWeights.ts"

/** MobileNetV2 1.0/224 without its top (Sandler et al. 2018, table 2; layer names as in keras.applications), as data. */
export type FoldedNetwork = ReadonlyArray<Block<Folded>>

export const featureCount = 1280

/** A convolution, its batch normalization and, unless it is linear, ReLU6. */
interface Convolution {
  readonly layer: string
  readonly norm: string
  readonly depthwise: boolean
  readonly kernel: readonly [height: number, width: number, inputs: number, outputs: number]
  readonly stride: 1 | 2
  readonly linear: boolean
}

/** A convolution that carries its normalization: `values` in the order of `kernel`, and a bias an output channel. */
export interface Folded extends Convolution {
  readonly values: Float32Array
  readonly bias: Float32Array
}

/** Convolutions in sequence, around which a residual block adds its input. */
interface Block<C> {
  readonly convolutions: ReadonlyArray<C>
  readonly residual: boolean
}

const pointwise = (layer: string, norm: string, inputs: number, outputs: number, linear = false): Convolution => ({
  layer,
  norm,
  depthwise: false,
  kernel: [1, 1, inputs, outputs],
  stride: 1,
  linear
})

const invertedResidual = (
  name: string,
  inputs: number,
  outputs: number,
  stride: 1 | 2,
  expansion: number
): Block<Convolution> => {
  const hidden = inputs * expansion
  const expand = pointwise(`${name}_expand`, `${name}_expand_BN`, inputs, hidden)
  const depthwise: Convolution = {
    layer: `${name}_depthwise`,
    norm: `${name}_depthwise_BN`,
    depthwise: true,
    kernel: [3, 3, hidden, 1],
    stride,
    linear: false
  }
  const project = pointwise(`${name}_project`, `${name}_project_BN`, hidden, outputs, true)
  return {
    convolutions: expansion === 1 ? [depthwise, project] : [expand, depthwise, project],
    residual: stride === 1 && inputs === outputs
  }
}

/** Expansion, output channels, repeats and stride of the first of them. */
const groups = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1]
] as const

const network = (): ReadonlyArray<Block<Convolution>> => {
  const first: Convolution = { ...pointwise("Conv1", "bn_Conv1", 3, 32), kernel: [3, 3, 3, 32], stride: 2 }
  const blocks: Array<Block<Convolution>> = [{ convolutions: [first], residual: false }]
  let inputs = 32
  for (const [expansion, outputs, repeats, stride] of groups) {
    for (let repeat = 0; repeat < repeats; repeat++) {
      const name = blocks.length === 1 ? "expanded_conv" : `block_${blocks.length - 1}`
      blocks.push(invertedResidual(name, inputs, outputs, repeat === 0 ? stride : 1, expansion))
      inputs = outputs
    }
  }
  return [...blocks, { convolutions: [pointwise("Conv_1", "Conv_1_bn", inputs, featureCount)], residual: false }]
}

type LayerFailure = KerasWeights.WeightMissing | KerasWeights.WeightMisshapen | VarianceNegative

/** A variance is a mean of squares. Below zero its root would be no number, which ReLU6 turns into plausible zeros. */
export class VarianceNegative extends Schema.TaggedError<VarianceNegative>()("VarianceNegative", {
  layer: Schema.String,
  channel: Schema.Int,
  found: Schema.Number
}) {
  override get message() {
    return `The weight "moving_variance" of layer "${this.layer}" is damaged: channel ${this.channel} has ${this.found}; expected a variance of 0 or more. Replace the weight file with a fresh copy.`
  }
}

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

/** The network with its weights: what every runtime computes over pixels brought from [0, 1] to [-1, 1]. */
export const folded = (weights: KerasWeights.KerasWeights): Effect.Effect<FoldedNetwork, LayerFailure> =>
  Effect.forEach(network(), ({ convolutions, residual }) =>
    Effect.map(
      Effect.forEach(convolutions, (one) => fold(weights, one)),
      (convolutions) => ({ convolutions, residual })
    )
  )
