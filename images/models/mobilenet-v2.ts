import { Text } from "headrace"
import type { Backbone } from "./Backbone.ts"
import { type Block, type Convolution, pointwise } from "./Convolution.ts"
import * as KerasWeightFile from "./keras-weight-file.ts"
import * as RandomWeights from "./random-weights.ts"

/**
 * The family MobileNetV2 without its top (Sandler et al. 2018, table 2; layer names as in keras.applications), in the
 * widths (alpha) and image sizes that Keras publishes ImageNet weights for.
 */
const sizes = [96, 128, 160, 192, 224] as const
const slim = ["0.35", "0.5", "0.75", "1.0"] as const
const wide = ["1.3", "1.4"] as const

type Alpha = (typeof slim | typeof wide)[number]
type Size = (typeof sizes)[number]

type Published = `mobilenet_v2_${(typeof slim)[number]}_${Size}` | `mobilenet_v2_${(typeof wide)[number]}_224`

export type Name = Published | "random"

/** The names in words. */
export const expected = `mobilenet_v2_ALPHA_SIZE of alpha ${slim.join(", ")} and size ${sizes.join(", ")}, of alpha ${wide.join(", ")} and size 224, or random`

/** Keras' `_make_divisible`: the nearest multiple of 8 that is no more than 10 % below. */
const divisible = (channels: number): number => {
  const rounded = Math.max(8, Math.floor((channels + 4) / 8) * 8)
  return rounded < 0.9 * channels ? rounded + 8 : rounded
}

/** Expansion, output channels at alpha 1, repeats and stride of the first of them. */
const groups = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1]
] as const

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

const blocks = (alpha: number, features: number): ReadonlyArray<Block<Convolution>> => {
  let inputs = divisible(32 * alpha)
  const first: Convolution = { ...pointwise("Conv1", "bn_Conv1", 3, inputs), kernel: [3, 3, 3, inputs], stride: 2 }
  const found: Array<Block<Convolution>> = [{ convolutions: [first], residual: false }]
  for (const [expansion, channels, repeats, stride] of groups) {
    const outputs = divisible(Math.floor(channels * alpha))
    for (let repeat = 0; repeat < repeats; repeat++) {
      const name = found.length === 1 ? "expanded_conv" : `block_${found.length - 1}`
      found.push(invertedResidual(name, inputs, outputs, repeat === 0 ? stride : 1, expansion))
      inputs = outputs
    }
  }
  return [...found, { convolutions: [pointwise("Conv_1", "Conv_1_bn", inputs, features)], residual: false }]
}

const one = (name: Published, alpha: Alpha, imageSize: Size): Backbone<Name> => {
  const width = Number(alpha)
  const features = width > 1 ? divisible(1280 * width) : 1280
  return {
    name,
    label: `MobileNetV2 ${alpha}/${imageSize} without top`,
    imageSize,
    features,
    weights: {
      _tag: "Keras",
      folder: "mobilenet_v2",
      file: `mobilenet_v2_weights_tf_dim_ordering_tf_kernels_${alpha}_${imageSize}_no_top.h5`
    },
    blocks: () => blocks(width, features)
  }
}

/** The smallest of them without any training: what needs no download. Its weights are drawn from one fixed seed. */
const random: Backbone<Name> = {
  ...one("mobilenet_v2_0.35_96", "0.35", 96),
  name: "random",
  label: "MobileNetV2 0.35/96 with random weights",
  weights: {
    _tag: "Made",
    file: "mobilenet_v2_0.35_96_random.h5",
    sha256: "f790934e5a0017efb81146f8c304cdf6ff9a6a4862528dcb7331a98fdd74c725",
    notice: Text.text`${Text.setting("backbone", "random")} has random weights: its features know nothing of photographs, so accuracies say nothing of transfer learning. Choose another ${Text.parameter("backbone")} for results.`,
    make: () => KerasWeightFile.encode(RandomWeights.make(blocks(0.35, 1280), 0))
  }
}

export const family: ReadonlyArray<Backbone<Name>> = [
  ...slim.flatMap((alpha) => sizes.map((size) => one(`mobilenet_v2_${alpha}_${size}`, alpha, size))),
  ...wide.map((alpha) => one(`mobilenet_v2_${alpha}_224`, alpha, 224)),
  random
]
