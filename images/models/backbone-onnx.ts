import { builder, type OnnxConstant, type OnnxModel } from "../services/onnx-model.ts"
import type { Backbone } from "./Backbone.ts"
import type { Folded, FoldedNetwork } from "./folded-layers.ts"

/** [height, width, inputs, outputs], or [height, width, channels, 1] of a depthwise one, to [outputs, inputs, height, width]. */
export const channelsFirst = ({
  values,
  kernel,
  depthwise
}: Pick<Folded, "values" | "kernel" | "depthwise">): Pick<OnnxConstant, "shape" | "data"> => {
  const [height, width, first, second] = kernel
  const [inputs, outputs] = depthwise ? [1, first] : [first, second]
  const area = height * width
  const data = new Float32Array(values.length)
  for (let at = 0; at < area; at++)
    for (let input = 0; input < inputs; input++)
      for (let output = 0; output < outputs; output++)
        data[(output * inputs + input) * area + at] = values[(at * inputs + input) * outputs + output] ?? 0
  return { shape: [outputs, inputs, height, width], data }
}

/** The network as an ONNX model over float32 [rows, imageSize, imageSize, 3] in [0, 1]. */
export const onnxModel = (
  { imageSize, features }: Pick<Backbone, "imageSize" | "features">,
  network: FoldedNetwork,
  rows: number
): OnnxModel => {
  const { nodes, constants, add, constant } = builder()
  const scalar = (name: string, value: number) => constant(name, { shape: [], data: Float32Array.of(value) })

  const input = { name: "pixels", shape: [rows, imageSize, imageSize, 3] }
  const output = { name: "features", shape: [rows, features] }
  const [zero, six] = [scalar("zero", 0), scalar("six", 6)]

  const convolution = (x: string, one: Folded) => {
    const { layer, depthwise, stride, kernel, bias, linear } = one
    const near = kernel[0] === 3 && stride === 1 ? 1 : 0
    const far = kernel[0] === 3 ? 1 : 0
    const weights = constant(`${layer}/kernel`, channelsFirst(one))
    const sum = add(
      layer,
      "Conv",
      [x, weights, constant(`${layer}/bias`, { shape: [bias.length], data: bias })],
      // as Keras pads before a stride of 2 over an even size: the far edges only
      { group: depthwise ? kernel[2] : 1, strides: [stride, stride], pads: [near, near, far, far] }
    )
    return linear ? sum : add(`${layer}/relu6`, "Clip", [sum, zero, six])
  }

  const twice = add("twice", "Mul", [
    add("planes", "Transpose", [input.name], { perm: [0, 3, 1, 2] }),
    scalar("two", 2)
  ])
  let x = add("centred", "Sub", [twice, scalar("one", 1)])
  for (const [index, { convolutions, residual }] of network.entries()) {
    const entry = x
    for (const one of convolutions) x = convolution(x, one)
    if (residual) x = add(`residual_${index}`, "Add", [entry, x])
  }
  add(output.name, "Flatten", [add("average", "GlobalAveragePool", [x])], { axis: 1 })
  return { nodes, constants, input, output }
}
