import { Effect } from "effect"
import type { Tf } from "../services/Tensorflow.ts"
import type { Attr, Dtype, Node, Signature } from "../services/tensorflow-graph.ts"
import { type Given, trace } from "../services/trace-operations.ts"
import * as Network from "./Network.ts"
import { operations } from "./operations.ts"

const float: Attr = { type: "float" }

/** What a call is fed, by name. */
export type NamedInputs = Record<string, Signature["inputs"][string]>

/** Nodes of a graph as they are added, each under its name. */
export const builder = () => {
  const nodes: Array<Node> = []
  const add = (name: string, op: string, inputs: ReadonlyArray<string>, attrs: Node["attrs"] = {}) => {
    nodes.push({ name, op, inputs, attrs })
    return name
  }
  return {
    nodes,
    add,
    /** A tensor fed by a call. */
    fed: (name: string, type: Dtype, shape: ReadonlyArray<number>) =>
      add(name, "Placeholder", [], { dtype: { type }, shape: { shape } }),
    variable: (name: string, type: Dtype, shape: ReadonlyArray<number>) =>
      add(name, "VarHandleOp", [], {
        dtype: { type },
        shape: { shape },
        shared_name: { text: name },
        container: { text: "" }
      }),
    read: (name: string, variable: string, type: Dtype, ...after: ReadonlyArray<string>) =>
      add(name, "ReadVariableOp", [variable, ...after], { dtype: { type } }),
    /** Rows of a variable, by number. */
    gather: (name: string, variable: string, rows: string, type: Dtype) =>
      add(name, "ResourceGather", [variable, rows], {
        dtype: { type },
        Tindices: { type: "int32" },
        batch_dims: { int: 0 }
      }),
    /** A number to fetch: a call runs what it fetches depends on. */
    after: (name: string, done: ReadonlyArray<string>) => {
      const zero = add(`${name}/zero`, "Const", [], {
        dtype: float,
        value: { shape: [], tensor: Float32Array.of(0) }
      })
      return add(name, "Identity", [zero, ...done.map((node) => `^${node}`)], { T: float })
    }
  }
}
export type Builder = ReturnType<typeof builder>

const weightNames = (network: Network.Checked) =>
  Network.weights(network).map(({ layer, name, shape }) => ({ name: `${layer}_${name}`, shape }))

/** A variable that a weight is held in, and the node that reads it. */
export interface Variable {
  readonly name: string
  readonly shape: ReadonlyArray<number>
  readonly handle: string
  readonly value: string
}

/** A variable each for the weights, and their reads. */
export const weightVariables = ({ variable, read }: Builder, network: Network.Checked): ReadonlyArray<Variable> =>
  weightNames(network).map(({ name, shape }) => ({
    name,
    shape,
    handle: variable(name, "float", shape),
    value: read(`${name}_read`, name, "float")
  }))

/** A bug of ours if it fails: the programs traced here are functions of their tensors. */
export const traceOwn = (...args: Parameters<typeof trace>) => Effect.orDie(trace(...args))

/** Stand-ins of the right shapes for the tensors that a traced program is given. */
export const standIn = (tf: Tf, node: string, type: "float" | "int32", shape: ReadonlyArray<number>): Given => ({
  node,
  tensor: tf.zeros([...shape], type === "float" ? "float32" : "int32")
})

/** The probabilities of the `rows` inputs that the node `x` gives, as nodes. Gives the name of the last. */
export const predictNodes = (
  tf: Tf,
  graph: Builder,
  network: Network.Checked,
  weights: ReadonlyArray<Variable>,
  rows: number,
  x: string
) =>
  Effect.gen(function* () {
    const given = standIn(tf, x, "float", [rows, ...network.input])
    const values = weights.map(({ value, shape }) => standIn(tf, value, "float", shape))
    const tensors = values.map(({ tensor }) => tensor)
    const { nodes, outputs } = yield* traceOwn(tf, "predict_", [given, ...values], () => [
      tf.softmax(Network.logits(operations(tf), network, tensors, given.tensor, null))
    ]).pipe(Effect.ensuring(Effect.sync(() => tf.dispose([given.tensor, tensors]))))
    graph.nodes.push(...nodes)
    return outputs[0] as string
  })

export interface Assigned {
  readonly name: string
  readonly type: Dtype
  readonly shape: ReadonlyArray<number>
  /** Variables beside it, of its shape, that get zeros. */
  readonly slots: number
  /** Whether calls write to it. */
  readonly isWritten: boolean
}

/** The variable beside another that an optimizer keeps. */
export const slotName = (name: string, slot: number) => `${name}_slot_${slot}`

/**
 * The call `call`, which assigns what it is fed to variables, and zeros to their slots. A variable takes over the memory
 * that it is assigned, JavaScript's own where that lies well, and its first write would give it back from a thread of
 * TensorFlow's, where the engine of JavaScript must not be touched: what is written to starts as a copy.
 */
export const assignNodes = (
  { add, fed, after }: Builder,
  call: string,
  assigned: ReadonlyArray<Assigned>
): Signature => {
  const inputs: NamedInputs = {}
  const node = (name: string) => `${call}_${name}`
  const assign = (name: string, type: Dtype, value: string) =>
    add(node(`${name}_assign`), "AssignVariableOp", [name, value], { dtype: { type } })
  const done = assigned.flatMap(({ name, type, shape, slots, isWritten }) => {
    const value = fed(node(`${name}_fed`), type, shape)
    inputs[name] = { node: value, type }
    const zeros = Array.from({ length: slots }, (_, index) => {
      const slot = slotName(name, index)
      return assign(slot, type, add(node(`${slot}_zeros`), "ZerosLike", [value], { T: { type } }))
    })
    const own = isWritten ? add(node(`${name}_copy`), "DeepCopy", [value], { T: { type } }) : value
    return [assign(name, type, own), ...zeros]
  })
  return { inputs, outputs: { done: after(node("done"), done) } }
}
