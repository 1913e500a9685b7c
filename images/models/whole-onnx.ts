/**
 * Whole models as ONNX.
 *
 * @module
 */
import { type Builder, builder, type OnnxConstant, type OnnxModel } from "../services/onnx-model.ts"
import * as Backbone from "./Backbone.ts"
import { channelsFirst, onnxModel } from "./backbone-onnx.ts"
import type { FoldedNetwork } from "./folded-layers.ts"
import type { Layer, Shape } from "./Layer.ts"
import type * as Network from "./Network.ts"
import type { Whole } from "./Whole.ts"

/** Takes the arrays of a model off its weights, one after the other. */
const taker = (weights: ReadonlyArray<Float32Array>) => {
  let at = 0
  return () => weights[at++] as Float32Array
}
type Take = ReturnType<typeof taker>

const transposed = (matrix: Float32Array, from: number, to: number): Float32Array =>
  Float32Array.from({ length: matrix.length }, (_, at) => matrix[(at % from) * to + Math.floor(at / from)] ?? 0)

/** Images [batch, height, width, 3] from 0 to 255 as the pixels [batch, size, size, 3] in [0, 1] that the backbone takes. */
const resized = ({ add, constant }: Builder, { image: [height, width] }: Whole, size: number, take: Take) => {
  const share = constant("share", { shape: [], data: Float32Array.of(1 / 255) })
  if (height === size && width === size) return add("pixels", "Mul", ["images", share])
  const planes = add("image_planes", "Transpose", [add("normalized", "Mul", ["images", share])], { perm: [0, 3, 1, 2] })
  const rows = constant("resize_height", { shape: [size, height], data: transposed(take(), height, size) })
  const columns = constant("resize_width", { shape: [width, size], data: take() })
  const tall = add("resized_height", "MatMul", [rows, planes])
  return add("pixels", "Transpose", [add("resized", "MatMul", [tall, columns])], { perm: [0, 2, 3, 1] })
}

/** The features [batch, features] of the pixels. */
const extracted = ({ nodes, constants }: Builder, backbone: Backbone.Backbone, take: Take) => {
  const network: FoldedNetwork = backbone.blocks().map(({ convolutions, residual }) => ({
    residual,
    convolutions: convolutions.map((one) => ({ ...one, values: take(), bias: take() }))
  }))
  const model = onnxModel(backbone, network, 1)
  nodes.push(...model.nodes)
  constants.push(...model.constants)
  return model.output.name
}

const isImage = (shape: Shape) => shape.length === 3

/** One layer over `x`, whose images have their channels first. */
const applied = (
  { add, constant }: Builder,
  { layer, name, input, output, weights }: Network.Placed,
  x: string,
  take: Take
): string => {
  const own = weights.map(({ name: weight, shape }) => ({ name: `${name}/${weight}`, shape, data: take() }))
  const [kernel, bias] = own
  const given = (weight: OnnxConstant) => constant(weight.name, weight)
  const activated = (sum: string, activation: Extract<Layer, { kind: "dense" }>["activation"]) =>
    activation === "relu"
      ? add(`${name}_relu`, "Relu", [sum])
      : activation === "softmax"
        ? add(`${name}_softmax`, "Softmax", [sum], { axis: 1 })
        : sum
  switch (layer.kind) {
    case "conv2d": {
      const { kernelSize, padding, activation } = layer
      const lost = padding === "same" ? kernelSize - 1 : 0
      const [near, far] = [Math.floor(lost / 2), Math.ceil(lost / 2)]
      const planes = channelsFirst({
        kernel: [kernelSize, kernelSize, input[2] ?? 0, output[2] ?? 0],
        values: kernel?.data ?? new Float32Array(),
        depthwise: false
      })
      const inputs = [x, constant(`${name}/kernel`, planes), given(bias as OnnxConstant)]
      return activated(add(name, "Conv", inputs, { pads: [near, near, far, far] }), activation)
    }
    case "max-pool":
      return add(name, "MaxPool", [x], { kernel_shape: [layer.size, layer.size], strides: [layer.size, layer.size] })
    case "global-average-pooling":
      return add(name, "Flatten", [add(`${name}_average`, "GlobalAveragePool", [x])], { axis: 1 })
    case "flatten":
      // in the order in which the network was trained on them: channels last
      return isImage(input)
        ? add(name, "Flatten", [add(`${name}_last`, "Transpose", [x], { perm: [0, 2, 3, 1] })], { axis: 1 })
        : x
    case "dense":
      return activated(add(name, "Gemm", [x, ...own.map(given)]), layer.activation)
    case "dropout":
      return x
  }
}

/** What the network is given, images with their channels first or features, of images [batch, height, width, 3] from 0 to 255. */
const entered = (at: Builder, whole: Whole, take: Take): string => {
  if (whole.backbone !== null) {
    const backbone = Backbone.get(whole.backbone)
    resized(at, whole, backbone.imageSize, take)
    return extracted(at, backbone, take)
  }
  const share = at.constant("share", { shape: [], data: Float32Array.of(1 / 255) })
  return at.add("planes", "Transpose", [at.add("normalized", "Mul", ["images", share])], { perm: [0, 3, 1, 2] })
}

/** The model over float32 [batch, height, width, 3], RGB from 0 to 255, for any number of images at once. */
export const wholeOnnx = (whole: Whole): OnnxModel<number | string> => {
  const { image, network, classes, weights } = whole
  const at = builder()
  const take = taker(weights)
  const last = network.layers.reduce((x, placed) => applied(at, placed, x, take), entered(at, whole, take))
  at.add("probabilities", "Identity", [last])
  return {
    nodes: at.nodes,
    constants: at.constants,
    input: { name: "images", shape: ["batch", ...image, 3] },
    output: { name: "probabilities", shape: ["batch", classes.length] }
  }
}
