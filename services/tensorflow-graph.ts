import { type Bytes, block, bytesOf, number, varint } from "./protobuf.ts"

/**
 * A frozen TensorFlow graph as plain data, and its bytes as a SavedModel: the one form in which tfjs-node takes a graph.
 * Field numbers are those of saved_model, meta_graph, graph, node_def, attr_value and tensor.proto in TensorFlow.
 */
export interface Node {
  readonly name: string
  readonly op: string
  readonly inputs: ReadonlyArray<string>
  readonly attrs: Readonly<Record<string, Attr>>
}

export type Attr =
  | { readonly type: "float" | "int32" }
  | { readonly text: string }
  | { readonly ints: ReadonlyArray<number> }
  | { readonly shape: ReadonlyArray<number> }
  | { readonly shape: ReadonlyArray<number>; readonly tensor: Float32Array | Int32Array }

/** A graph of one input and one output, named by their nodes. */
export interface Graph {
  readonly nodes: ReadonlyArray<Node>
  readonly input: string
  readonly output: string
}

const entry = (field: number, key: string, value: Bytes): Bytes => block(field, block(1, key), block(2, value))

const dtype = { float: 1, int32: 3 } as const
const dimensions = (shape: ReadonlyArray<number>): Bytes =>
  Buffer.concat(shape.map((size) => block(2, number(1, size))))

const attrValue = (attr: Attr): Bytes => {
  if ("type" in attr) return number(6, dtype[attr.type])
  if ("text" in attr) return block(2, attr.text)
  if ("ints" in attr) return block(1, block(3, ...attr.ints.map(varint)))
  if (!("tensor" in attr)) return block(7, dimensions(attr.shape))
  const { shape, tensor } = attr
  const type = tensor instanceof Float32Array ? dtype.float : dtype.int32
  return block(8, number(1, type), block(2, dimensions(shape)), block(4, bytesOf(tensor)))
}

const nodeDef = ({ name, op, inputs, attrs }: Node): Bytes =>
  block(
    1,
    block(1, name),
    block(2, op),
    ...inputs.map((input) => block(3, input)),
    ...Object.entries(attrs).map(([key, attr]) => entry(5, key, attrValue(attr)))
  )

/** A graph version of the TensorFlow 2 line: a reader takes every one that is not ancient. */
const producer = 987

/** The bytes of `saved_model.pb`: tag `serve`, signature `serving_default` from `x` to `y`, no variables. */
export const savedModel = ({ nodes, input, output }: Graph): Bytes => {
  const tensorInfo = (name: string) => Buffer.concat([block(1, `${name}:0`), number(2, dtype.float), block(3)])
  return Buffer.concat([
    number(1, 1),
    block(
      2,
      block(1, block(4, "serve")),
      block(2, ...nodes.map(nodeDef), block(4, number(1, producer))),
      entry(
        5,
        "serving_default",
        Buffer.concat([
          entry(1, "x", tensorInfo(input)),
          entry(2, "y", tensorInfo(output)),
          block(3, "tensorflow/serving/predict")
        ])
      )
    )
  ])
}
