import { type Bytes, block, bytesOf, number, varint } from "./protobuf.ts"

/** An ONNX graph as plain data, and its bytes. Field numbers and types are those of onnx.proto. */
export interface OnnxNode {
  /** Also the name of its one output. */
  readonly name: string
  readonly op: string
  /** Names of nodes, constants or the input. */
  readonly inputs: ReadonlyArray<string>
  readonly attributes: Readonly<Record<string, number | ReadonlyArray<number>>>
}

/** Row-major float32 of `shape`; a scalar has none. */
export interface OnnxConstant {
  readonly name: string
  readonly shape: ReadonlyArray<number>
  readonly data: Float32Array
}

/** A tensor that goes in or comes out: float32 of `shape`, in which a size that has a name is any number. */
export interface OnnxTensor<Size extends number | string = number> {
  readonly name: string
  readonly shape: ReadonlyArray<Size>
}

/** A graph with its constants, one input and one output. */
export interface OnnxModel<Size extends number | string = number> {
  readonly nodes: ReadonlyArray<OnnxNode>
  readonly constants: ReadonlyArray<OnnxConstant>
  readonly input: OnnxTensor<Size>
  readonly output: OnnxTensor<Size>
}

/** Nodes and constants as they are added, each of which is then known by its name. */
export const builder = () => {
  const nodes: Array<OnnxNode> = []
  const constants: Array<OnnxConstant> = []
  return {
    nodes,
    constants,
    add: (name: string, op: string, inputs: ReadonlyArray<string>, attributes: OnnxNode["attributes"] = {}) => {
      nodes.push({ name, op, inputs, attributes })
      return name
    },
    constant: (name: string, { shape, data }: Pick<OnnxConstant, "shape" | "data">) => {
      constants.push({ name, shape, data })
      return name
    }
  }
}
export type Builder = ReturnType<typeof builder>

/** The oldest pair whose operators are meant here; a runtime reads every one up to its own. */
const irVersion = 8
const opset = 13

const float = 1
const attributeType = { int: 2, ints: 7 } as const

const attribute = (name: string, value: number | ReadonlyArray<number>): Bytes =>
  typeof value === "number"
    ? block(5, block(1, name), number(3, value), number(20, attributeType.int))
    : block(5, block(1, name), ...value.map((one) => number(8, one)), number(20, attributeType.ints))

const node = ({ name, op, inputs, attributes }: OnnxNode): Bytes =>
  block(
    1,
    ...inputs.map((input) => block(1, input)),
    block(2, name),
    block(3, name),
    block(4, op),
    ...Object.entries(attributes).map(([key, value]) => attribute(key, value))
  )

const initializer = ({ name, shape, data }: OnnxConstant): Bytes =>
  block(5, block(1, ...shape.map(varint)), number(2, float), block(8, name), block(9, bytesOf(data)))

const tensor = (field: number, { name, shape }: OnnxTensor<number | string>): Bytes => {
  const dimensions = shape.map((size) => block(1, typeof size === "number" ? number(1, size) : block(2, size)))
  return block(field, block(1, name), block(2, block(1, number(1, float), block(2, ...dimensions))))
}

/** The bytes of a `.onnx` file. */
export const onnxFile = ({ nodes, constants, input, output }: OnnxModel<number | string>): Bytes =>
  Buffer.concat([
    number(1, irVersion),
    block(2, "headrace"),
    block(8, number(2, opset)),
    block(
      7,
      ...nodes.map(node),
      block(2, "network"),
      ...constants.map(initializer),
      tensor(11, input),
      tensor(12, output)
    )
  ])
