import { isDeepStrictEqual } from "node:util"
import type { NodeJSKernelBackend } from "@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js"
import { Effect, Schema } from "effect"
import { Explained } from "headrace"
import type { Tf } from "./Tensorflow.ts"
import type { Attr, Dtype, Node } from "./tensorflow-graph.ts"

type Tensor = import("@tensorflow/tfjs-node-gpu").Tensor
type Held = Pick<Tensor, "dataId" | "dtype" | "shape">

/** A program that is no function of its tensors alone: as a graph it would repeat forever what it did once. */
export class Untraceable extends Explained.TaggedError<Untraceable>()(
  "Untraceable",
  {
    what: Schema.String,
    expected: Schema.String
  },
  ({ what, expected }) => ({
    what: `The program cannot become a graph: ${what}`,
    expected,
    fix: "Pass what changes from call to call as a tensor."
  })
) {}

/** The operations of one run of a program, and its results, as node outputs. */
export interface Traced {
  readonly nodes: ReadonlyArray<Node>
  readonly outputs: ReadonlyArray<string>
}

/** A tensor that the program is given, and the node output that it stands for. */
export interface Given {
  readonly tensor: Tensor
  readonly node: string
}

interface OpAttr {
  readonly name: string
  readonly type: number
  readonly value: unknown
}

/** Operations that draw from a generator of their own, which neither a seed of ours nor an epoch decides. */
const chance = /^(Random|TruncatedNormal|Multinomial|Parameterized)/

/** Whole numbers in a row that may be a shape, axes or a permutation. */
const longestRow = 8

const dtypeNames: Readonly<Record<number, Dtype>> = { 1: "float", 3: "int32", 4: "uint8", 9: "int64", 10: "bool" }

/** What a tensor that no operation made may be: a number, many times one number, or a shape. Anything else was computed. */
const literal = (values: Float32Array | Int32Array | Uint8Array, shape: ReadonlyArray<number>) => {
  if (values.length === 0) return values
  if (values.every((value) => Object.is(value, values[0]))) return values.slice(0, 1)
  return values instanceof Int32Array && shape.length === 1 && values.length <= longestRow ? values.slice() : undefined
}

class Refusal extends Error {
  readonly what: string
  readonly expected: string
  constructor(what: string, expected: string) {
    super(what)
    this.what = what
    this.expected = expected
  }
}

/** Runs the program once, its operations recorded as they go to TensorFlow. Throws `Refusal`. */
const record = (tf: Tf, prefix: string, given: ReadonlyArray<Given>, program: () => ReadonlyArray<Tensor>): Traced => {
  const backend = tf.backend() as NodeJSKernelBackend
  const { binding } = backend
  const nodes: Array<Node> = []
  const made = new WeakMap<object, string>()
  const written = new WeakSet<object>()
  const literals = new WeakMap<object, string>()
  for (const { tensor, node } of given) made.set(tensor.dataId, node)

  const constant = (tensor: Held, user: string): string => {
    if (!written.has(tensor.dataId)) {
      const what = `${user} reads a ${tensor.dtype} [${tensor.shape.join(", ")}] that it was not given`
      throw new Refusal(what, "the tensors given, and what the program makes of them")
    }
    const held = backend.readSync(tensor.dataId)
    const whole = tensor.dtype === "bool" ? Uint8Array.from(held as Uint8Array) : held
    const values =
      whole instanceof Float32Array || whole instanceof Int32Array || whole instanceof Uint8Array
        ? literal(whole, tensor.shape)
        : undefined
    if (values === undefined) {
      throw new Refusal(
        `${user} reads a constant ${tensor.dtype} [${tensor.shape.join(", ")}] that was computed while it ran`,
        "literals only: numbers, fills, shapes"
      )
    }
    const type = values instanceof Float32Array ? "float" : values instanceof Int32Array ? "int32" : "bool"
    const name = `${prefix}${nodes.length}_Const`
    nodes.push({
      name,
      op: "Const",
      inputs: [],
      attrs: { dtype: { type }, value: { shape: tensor.shape, tensor: values } }
    })
    literals.set(tensor.dataId, name)
    return name
  }
  const nodeOf = (tensor: Held, user: string) =>
    made.get(tensor.dataId) ?? literals.get(tensor.dataId) ?? constant(tensor, user)

  const attr = ({ name, type, value }: OpAttr): readonly [string, Attr] => {
    const many = Array.isArray(value)
    if (type === binding.TF_ATTR_STRING && !many) return [name, { text: String(value) }]
    if (type === binding.TF_ATTR_BOOL && !many) return [name, { flag: Boolean(value) }]
    if (type === binding.TF_ATTR_FLOAT && !many) return [name, { float: Number(value) }]
    if (type === binding.TF_ATTR_INT) return [name, many ? { ints: value.map(Number) } : { int: Number(value) }]
    if (type === binding.TF_ATTR_SHAPE && many) return [name, { shape: value.map(Number) }]
    const dtype = type === binding.TF_ATTR_TYPE && !many ? dtypeNames[Number(value)] : undefined
    if (dtype !== undefined) return [name, { type: dtype }]
    throw new Refusal(`attribute "${name}" has a type without a name`, "a number, a text, a flag, a shape or a type")
  }

  const note = (op: string, attrs: ReadonlyArray<OpAttr>, inputs: ReadonlyArray<Held>): string => {
    if (chance.test(op)) throw new Refusal(`${op} draws from a hidden state`, "stateless operations, given a seed")
    const from = inputs.map((input) => nodeOf(input, op))
    const name = `${prefix}${nodes.length}_${op}`
    nodes.push({ name, op, inputs: from, attrs: Object.fromEntries(attrs.map(attr)) })
    return name
  }

  const { executeSingleOutput: single, executeMultipleOutputs: multiple, readSync, write } = backend
  const seam: Partial<NodeJSKernelBackend> = {
    executeSingleOutput: (op, attrs, inputs) => {
      const name = note(op, attrs as ReadonlyArray<OpAttr>, inputs)
      const output = single.call(backend, op, attrs, inputs)
      made.set(output.dataId, name)
      return output
    },
    executeMultipleOutputs: (op, attrs, inputs, count) => {
      const name = note(op, attrs as ReadonlyArray<OpAttr>, inputs)
      const outputs = multiple.call(backend, op, attrs, inputs, count)
      outputs.forEach((output, at) => made.set(output.dataId, `${name}:${at}`))
      return outputs
    },
    write: (values, shape, dtype) => {
      const dataId = write.call(backend, values, shape, dtype)
      written.add(dataId)
      return dataId
    },
    readSync: (dataId) => {
      if (made.has(dataId)) throw new Refusal("it reads a tensor's values", "operations on tensors only")
      return readSync.call(backend, dataId)
    }
  }
  // own properties, so that deleting them brings the backend's own methods back
  Object.assign(backend, seam)
  try {
    const outputs = tf.tidy(() => program().map((tensor) => nodeOf(tensor, "the result")))
    return { nodes, outputs }
  } finally {
    for (const name of Object.keys(seam)) Reflect.deleteProperty(backend, name)
  }
}

/**
 * A program of tfjs operations, gradients included, as nodes of a graph named `prefix`... It runs twice, on the tensors
 * given: what differs was computed outside of tensors, as is a constant that is no literal, and both are refused. The
 * shapes of the tensors given are baked in. The program must be synchronous.
 */
export const trace = (
  tf: Tf,
  prefix: string,
  given: ReadonlyArray<Given>,
  program: () => ReadonlyArray<Tensor>
): Effect.Effect<Traced, Untraceable> =>
  Effect.suspend(() => {
    try {
      const [first, second] = [record(tf, prefix, given, program), record(tf, prefix, given, program)]
      if (isDeepStrictEqual(first, second)) return Effect.succeed(first)
      const at = first.nodes.findIndex((node, index) => !isDeepStrictEqual(node, second.nodes[index]))
      const what = `two runs differ, first in ${first.nodes[at]?.name ?? "their length"}`
      return new Untraceable({ what, expected: "the same operations and constants every time" })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return new Untraceable({ what: error.what, expected: error.expected })
    }
  })
