/**
 * The layers that a whole model consists of, from the pixels of an image to probabilities, as Keras and TensorFlow.js know
 * them.
 *
 * @module
 */
import * as Backbone from "./Backbone.ts"
import type { Convolution } from "./Convolution.ts"
import { kindOf, type Shape } from "./Layer.ts"
import type * as Network from "./Network.ts"

/** What a whole model consists of, without its numbers. */
export interface Parts {
  /** Of the images that it takes, as they were when it was trained. */
  readonly image: readonly [height: number, width: number]
  /** The frozen network whose features the trained one takes; null where it takes the images themselves. */
  readonly backbone: Backbone.Name | null
  readonly network: Network.Checked
}

/** A layer as both libraries describe it, and the layers that it takes the outputs of. */
export interface KerasLayer {
  readonly name: string
  readonly className: string
  readonly config: Readonly<Record<string, unknown>>
  readonly inputs: ReadonlyArray<string>
  /** In the order in which Keras stores them. */
  readonly weights: ReadonlyArray<{ readonly name: string; readonly shape: Shape }>
}

/** The name of the layer that is fed. */
export const INPUT = "pixels"

// zeros: tfjs draws the initial values in JavaScript before it loads the stored ones over them, seconds for nothing
const zeros = { class_name: "Zeros", config: {} }

/** Layers in sequence, each after the last that was added unless it says after which. */
const sequence = () => {
  const layers: Array<KerasLayer> = []
  const last = () => layers.at(-1)?.name ?? INPUT
  const add = (
    name: string,
    className: string,
    config: KerasLayer["config"],
    weights: KerasLayer["weights"] = [],
    inputs: ReadonlyArray<string> = [last()]
  ) => {
    layers.push({ name, className, config: { name, dtype: "float32", ...config }, inputs, weights })
  }
  return { layers, last, add }
}
type Sequence = ReturnType<typeof sequence>

/**
 * Resizes the lines of images along an axis by a product with a fixed matrix. The libraries' own layer for it will not do:
 * TensorFlow.js aligns the corners of the images in it, Keras the centres of their pixels.
 */
const resizeLines = (
  { add }: Sequence,
  name: string,
  from: number,
  to: number,
  dims: readonly [number, number, number]
) => {
  add(`${name}_last`, "Permute", { dims })
  const config = { units: to, activation: "linear", use_bias: false, kernel_initializer: zeros, trainable: false }
  add(name, "Dense", config, [{ name: "kernel", shape: [from, to] }])
}

/** From [height, width, channels] to [size, size, channels], where that is another size. */
const resize = (at: Sequence, [height, width]: Parts["image"], size: number) => {
  if (height === size && width === size) return
  // the axes are permuted to [width, channels, height], to [channels, height, width] and back
  resizeLines(at, "resize_height", height, size, [2, 3, 1])
  resizeLines(at, "resize_width", width, size, [2, 3, 1])
  at.add("resized", "Permute", { dims: [2, 3, 1] })
}

const convolution = ({ add }: Sequence, { layer, depthwise, kernel, stride, linear }: Convolution) => {
  const [height, width, inputs, outputs] = kernel
  const config = {
    trainable: false,
    kernel_size: [height, width],
    strides: [stride, stride],
    // every input of a stride of 2 has an even size, where that pads the far edges only
    padding: "same",
    data_format: "channels_last",
    dilation_rate: [1, 1],
    activation: "linear",
    use_bias: true,
    bias_initializer: zeros
  }
  if (depthwise)
    add(layer, "DepthwiseConv2D", { ...config, depth_multiplier: 1, depthwise_initializer: zeros }, [
      { name: "depthwise_kernel", shape: kernel },
      { name: "bias", shape: [inputs] }
    ])
  else
    add(layer, "Conv2D", { ...config, filters: outputs, kernel_initializer: zeros }, [
      { name: "kernel", shape: kernel },
      { name: "bias", shape: [outputs] }
    ])
  if (!linear) add(`${layer}_relu`, "ReLU", { max_value: 6 })
}

/** The frozen network, over pixels in [0, 1]. */
const extract = (at: Sequence, { blocks }: Backbone.Backbone) => {
  at.add("centred", "Rescaling", { scale: 2, offset: -1 })
  for (const [index, { convolutions, residual }] of blocks().entries()) {
    const entry = at.last()
    for (const one of convolutions) convolution(at, one)
    if (residual) at.add(`residual_${index}`, "Add", {}, [], [entry, at.last()])
  }
  at.add("features", "GlobalAveragePooling2D", { data_format: "channels_last" })
}

/** All layers behind the input, in the order in which they are computed. */
export const wholeLayers = ({ image, backbone, network }: Parts): ReadonlyArray<KerasLayer> => {
  const at = sequence()
  at.add("normalized", "Rescaling", { scale: 1 / 255, offset: 0 })
  if (backbone !== null) {
    resize(at, image, Backbone.get(backbone).imageSize)
    extract(at, Backbone.get(backbone))
  }
  for (const { layer, name, weights } of network.layers) {
    const { className, config } = kindOf(layer).keras(layer)
    at.add(name, className, { trainable: true, ...config }, weights)
  }
  return at.layers
}

/** The layers as the configuration of a functional model, each described by `configOf`. */
export const functional = (
  { image: [height, width] }: Parts,
  layers: ReadonlyArray<KerasLayer>,
  configOf: (layer: KerasLayer) => object
) => ({
  class_name: "Functional",
  config: {
    name: "whole",
    trainable: true,
    layers: [
      {
        class_name: "InputLayer",
        name: INPUT,
        config: { batch_input_shape: [null, height, width, 3], dtype: "float32", sparse: false, name: INPUT },
        inbound_nodes: []
      },
      ...layers.map((layer) => ({
        class_name: layer.className,
        name: layer.name,
        config: configOf(layer),
        inbound_nodes: [layer.inputs.map((name) => [name, 0, 0, {}])]
      }))
    ],
    input_layers: [[INPUT, 0, 0]],
    output_layers: [[layers.at(-1)?.name, 0, 0]]
  }
})
