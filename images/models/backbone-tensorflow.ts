import type { Attr, Graph, Node } from "../services/tensorflow-graph.ts"
import type { Backbone } from "./Backbone.ts"
import type { Folded, FoldedNetwork } from "./folded-layers.ts"

/** The network as a TensorFlow graph over float32 [rows, imageSize, imageSize, 3] in [0, 1]. */
export const tensorflowGraph = (
  { imageSize }: Pick<Backbone, "imageSize">,
  network: FoldedNetwork,
  rows: number
): Graph => {
  const nodes: Array<Node> = []
  const float: Attr = { type: "float" }
  const add = (name: string, op: string, inputs: ReadonlyArray<string>, attrs: Readonly<Record<string, Attr>>) => {
    nodes.push({ name, op, inputs, attrs })
    return name
  }
  const constant = (name: string, tensor: Float32Array | Int32Array, shape: ReadonlyArray<number>) =>
    add(name, "Const", [], {
      dtype: { type: tensor instanceof Float32Array ? "float" : "int32" },
      value: { shape, tensor }
    })

  const convolution = (x: string, { layer, depthwise, stride, kernel, values, bias, linear }: Folded) => {
    const product = add(
      layer,
      depthwise ? "DepthwiseConv2dNative" : "Conv2D",
      [x, constant(`${layer}/kernel`, values, kernel)],
      // every input of a stride of 2 has an even size, where "SAME" is Keras' padding of the far edges only
      { T: float, strides: { ints: [1, stride, stride, 1] }, padding: { text: "SAME" } }
    )
    const sum = add(`${layer}/sum`, "BiasAdd", [product, constant(`${layer}/bias`, bias, [bias.length])], { T: float })
    return linear ? sum : add(`${layer}/relu6`, "Relu6", [sum], { T: float })
  }

  const shape = [rows, imageSize, imageSize, 3]
  const input = add("pixels", "Placeholder", [], { dtype: float, shape: { shape } })
  const twice = add("twice", "Mul", [input, constant("two", Float32Array.of(2), [])], { T: float })
  let x = add("centred", "Sub", [twice, constant("one", Float32Array.of(1), [])], { T: float })
  for (const [index, { convolutions, residual }] of network.entries()) {
    const entry = x
    for (const one of convolutions) x = convolution(x, one)
    if (residual) x = add(`residual_${index}`, "AddV2", [entry, x], { T: float })
  }
  const axes = constant("axes", Int32Array.of(1, 2), [2])
  const output = add("features", "Mean", [x, axes], { T: float, Tidx: { type: "int32" } })
  return { nodes, input, output }
}
