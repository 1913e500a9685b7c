import { type Bytes, block, number, varint } from "./protobuf.ts"

/**
 * A TensorFlow graph as plain data, and its bytes as a SavedModel: the one form in which tfjs-node takes a graph.
 * Field numbers are those of saved_model, meta_graph, graph, node_def, attr_value and tensor.proto in TensorFlow.
 */
export interface Node {
  readonly name: string
  readonly op: string
  /** `node`, `node:output`, or `^node` for one that must have run before. */
  readonly inputs: ReadonlyArray<string>
  readonly attrs: Readonly<Record<string, Attr>>
}

export type Dtype = "float" | "int32" | "uint8" | "int64" | "bool"

export type Attr =
  | { readonly type: Dtype }
  | { readonly text: string }
  | { readonly int: number }
  | { readonly ints: ReadonlyArray<number> }
  | { readonly float: number }
  | { readonly flag: boolean }
  | { readonly shape: ReadonlyArray<number> }
  /** One value stands for a tensor full of it. */
  | { readonly shape: ReadonlyArray<number>; readonly tensor: Float32Array | Int32Array | Uint8Array }

/** What one call of a graph takes and gives: node outputs (`node` is its first) by the names a caller uses. */
export interface Signature {
  readonly inputs: Readonly<Record<string, { readonly node: string; readonly type: Dtype }>>
  readonly outputs: Readonly<Record<string, string>>
}

/** A graph of several calls, which share its variables. */
export interface SessionGraph {
  readonly nodes: ReadonlyArray<Node>
  readonly signatures: Readonly<Record<string, Signature>>
}

/** A graph of one input and one output, named by their nodes. */
export interface Graph {
  readonly nodes: ReadonlyArray<Node>
  readonly input: string
  readonly output: string
}

const float = (field: number, value: number): Bytes => {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return Buffer.concat([varint(field * 8 + 5), bytes])
}
const entry = (field: number, key: string, value: Bytes): Bytes => block(field, block(1, key), block(2, value))

const dtypes = { float: 1, int32: 3, uint8: 4, int64: 9, bool: 10 } as const
const dimensions = (shape: ReadonlyArray<number>): Bytes =>
  Buffer.concat(shape.map((size) => block(2, number(1, size))))
type Values = Float32Array | Int32Array | Uint8Array
const typeOf = (data: Values): Dtype =>
  data instanceof Float32Array ? "float" : data instanceof Int32Array ? "int32" : "bool"

/** A TensorProto: a lone value goes into the typed field, where it is repeated as often as the shape says. */
const tensorOf = (shape: ReadonlyArray<number>, data: Values): Bytes => {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const content = data.length !== 1 ? block(4, bytes) : typedValue(data)
  return Buffer.concat([number(1, dtypes[typeOf(data)]), block(2, dimensions(shape)), content])
}
const typedValue = (data: Values): Bytes => {
  const value = data[0] ?? 0
  if (data instanceof Float32Array) return float(5, value)
  return data instanceof Int32Array ? number(7, value) : number(11, value)
}

const attrValue = (attr: Attr): Bytes => {
  if ("type" in attr) return number(6, dtypes[attr.type])
  if ("text" in attr) return block(2, attr.text)
  if ("int" in attr) return number(3, attr.int)
  if ("float" in attr) return float(4, attr.float)
  if ("flag" in attr) return number(5, Number(attr.flag))
  if ("ints" in attr) return block(1, block(3, ...attr.ints.map(varint)))
  return "tensor" in attr ? block(8, tensorOf(attr.shape, attr.tensor)) : block(7, dimensions(attr.shape))
}

const nodeDef = ({ name, op, inputs, attrs }: Node): Bytes =>
  block(
    1,
    block(1, name),
    block(2, op),
    ...inputs.map((input) => block(3, input)),
    ...Object.entries(attrs).map(([key, attr]) => entry(5, key, attrValue(attr)))
  )

const output = (node: string): string => (node.includes(":") ? node : `${node}:0`)

const signatureDef = ({ inputs, outputs }: Signature): Bytes => {
  const tensorInfo = (node: string, type: Dtype) =>
    Buffer.concat([block(1, output(node)), number(2, dtypes[type]), block(3)])
  return Buffer.concat([
    ...Object.entries(inputs).map(([name, { node, type }]) => entry(1, name, tensorInfo(node, type))),
    ...Object.entries(outputs).map(([name, node]) => entry(2, name, tensorInfo(node, "float"))),
    block(3, "tensorflow/serving/predict")
  ])
}

/** A graph version of the TensorFlow 2 line: a reader takes every one that is not ancient. */
const producer = 987

/** The bytes of `saved_model.pb`: tag `serve`, no saved variables. */
export const savedModel = ({ nodes, signatures }: SessionGraph): Bytes =>
  Buffer.concat([
    number(1, 1),
    block(
      2,
      block(1, block(4, "serve")),
      block(2, ...nodes.map(nodeDef), block(4, number(1, producer))),
      ...Object.entries(signatures).map(([name, signature]) => entry(5, name, signatureDef(signature)))
    )
  ])

/** A graph of one input and one output, as a graph of one call: `call`, from `x` to `y`. */
export const oneCall = ({ nodes, input, output }: Graph): SessionGraph => ({
  nodes,
  signatures: { call: { inputs: { x: { node: input, type: "float" } }, outputs: { y: output } } }
})
