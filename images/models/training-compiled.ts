import { Effect, type Scope } from "effect"
import { type GraphUnloadable, Tensorflow, type Tf } from "../services/Tensorflow.ts"
import type { Attr, Signature } from "../services/tensorflow-graph.ts"
import * as Network from "./Network.ts"
import {
  assignNodes,
  type Builder,
  builder,
  type NamedInputs,
  predictNodes,
  slotName,
  standIn,
  traceOwn,
  type Variable,
  weightVariables
} from "./network-graph.ts"
import * as Optimizer from "./Optimizer.ts"
import * as Stepper from "./Stepper.ts"
import * as StepViews from "./StepViews.ts"

type Tensor = import("@tensorflow/tfjs-node-gpu").Tensor

const float: Attr = { type: "float" }
const int32: Attr = { type: "int32" }

/** One update: gradients traced from the program of a step, then the optimizer's kernel for every weight. */
const stepNodes = (tf: Tf, graph: Builder, setup: Stepper.Setup, weights: ReadonlyArray<Variable>) =>
  Effect.gen(function* () {
    const { network, batchSize } = setup
    const { add, fed, gather, read, variable } = graph
    const rule = Optimizer.rule(setup.optimizer, setup.stepsPerEpoch)
    const count = rule.scalars(1, 1).length
    const rows = fed("rows", "int32", [batchSize])
    const shares = fed("shares", "float", [batchSize])
    const slot = fed("slot", "int32", [])
    const scalarsFed = fed("scalars", "float", [count])
    const seedNames = Array.from({ length: Network.dropouts(network) }, (_, at) => fed(`seed_${at}`, "int32", [2]))
    const weightedFed = setup.classWeights === null ? null : fed("weighted", "float", [batchSize])
    const mapsFed = setup.stepViews === null ? null : fed("maps", "float", [batchSize, StepViews.mapSize])

    variable("inputs", "float", [setup.labels.length, ...network.input])
    variable("labels", "int32", [setup.labels.length])
    variable("told", "float", [setup.lookEvery, 2])
    const inputsOfBatch = gather("batch_inputs", "inputs", rows, "float")
    const x = standIn(tf, inputsOfBatch, "float", [batchSize, ...network.input])
    const labels = standIn(tf, gather("batch_labels", "labels", rows, "int32"), "int32", [batchSize])
    const share = standIn(tf, shares, "float", [batchSize])
    const weighted = weightedFed === null ? null : standIn(tf, weightedFed, "float", [batchSize])
    const maps = mapsFed === null ? null : standIn(tf, mapsFed, "float", [batchSize, StepViews.mapSize])
    const seeds = seedNames.map((name) => standIn(tf, name, "int32", [2]))
    const values = weights.map(({ value, shape }) => standIn(tf, value, "float", shape))
    const some = [weighted, maps].filter((one) => one !== null)
    const given = [x, labels, share, ...some, ...seeds, ...values]
    const { nodes, outputs } = yield* traceOwn(tf, "step_", given, () =>
      Stepper.gradients(
        tf,
        setup,
        values.map(({ tensor }) => tensor),
        {
          x: x.tensor,
          labels: labels.tensor,
          shares: share.tensor,
          weighted: weighted?.tensor ?? null,
          maps: maps?.tensor ?? null,
          seeds: seeds.map(({ tensor }) => tensor)
        }
      )
    ).pipe(Effect.ensuring(Effect.sync(() => tf.dispose(given.map(({ tensor }) => tensor)))))
    graph.nodes.push(...nodes)

    const [told = "", ...gradients] = outputs
    add("unpacked", "Unpack", [scalarsFed], { num: { int: count }, T: float, axis: { int: 0 } })
    const scalars = Array.from({ length: count }, (_, at) => `unpacked:${at}`)
    // all gradients first: a weight that is still read would be copied before it is written
    const ready = add(
      "ready",
      "NoOp",
      gradients.map((gradient) => `^${gradient.split(":", 1)[0]}`)
    )
    const decayed = ({ name, handle, value }: Variable, decay: number) => {
      const lost = add(`${name}_lost`, "Mul", [value, scalars[decay] as string], { T: float })
      return add(`${name}_decayed`, "AssignSubVariableOp", [handle, lost, `^${ready}`], { dtype: float })
    }
    const updates = weights.map((weight, at) => {
      const { name, handle, shape } = weight
      const slots = Array.from({ length: rule.slots }, (_, index) => variable(slotName(name, index), "float", shape))
      const inputs = rule.inputs(handle, slots, scalars, gradients[at] as string)
      const before = rule.weightDecay === null ? ready : decayed(weight, rule.weightDecay)
      return add(`${name}_update`, rule.op, [...inputs, `^${before}`], rule.attrs)
    })
    const noted = add("noted", "ResourceScatterUpdate", ["told", slot, told], { dtype: float, Tindices: int32 })
    const done = graph.after("stepped", [...updates, noted])
    const inputs: NamedInputs = {
      rows: { node: rows, type: "int32" },
      shares: { node: shares, type: "float" },
      slot: { node: slot, type: "int32" },
      scalars: { node: scalarsFed, type: "float" }
    }
    if (weightedFed !== null) inputs.weighted = { node: weightedFed, type: "float" }
    if (mapsFed !== null) inputs.maps = { node: mapsFed, type: "float" }
    for (const name of seedNames) inputs[name] = { node: name, type: "int32" }
    const signatures: Record<string, Signature> = {
      step: { inputs, outputs: { done } },
      losses: { inputs: {}, outputs: { told: read("told_read", "told", "float") } }
    }
    return { rule, signatures }
  })

const outputsOf = (weights: ReadonlyArray<Pick<Variable, "name" | "value">>): Signature => ({
  inputs: {},
  outputs: Object.fromEntries(weights.map(({ name, value }) => [name, value]))
})

export interface CompiledStepper extends Stepper.Stepper {
  /** What the optimizer keeps beside the weights: the slots of the first weight, then those of the next. */
  readonly slots: () => ReadonlyArray<Float32Array>
  /** Goes on from what `weights` and `slots` gave. */
  readonly restore: (weights: ReadonlyArray<Float32Array>, slots: ReadonlyArray<Float32Array>) => void
  /** Probabilities [rows, classes] by the weights as they are now, of validation rows by number, `batchRows` of them. */
  readonly predict: (rows: Int32Array) => Float32Array
}

/** Rows to validate on, held natively: inputs row-major [rows, ...network.input]. */
export interface Validation {
  readonly inputs: Float32Array
  /** How many of them are predicted at once. */
  readonly batchRows: number
}

/** Training with every step one call of one graph: the weights never leave TensorFlow, which fuses what it can. */
export const open = (
  setup: Stepper.Setup,
  validation: Validation
): Effect.Effect<CompiledStepper, GraphUnloadable, Tensorflow | Scope.Scope> =>
  Effect.gen(function* () {
    const tensorflow = yield* Tensorflow
    const { tf } = tensorflow
    const { network, batchSize, labels, lookEvery } = setup
    const graph = builder()
    const weights = weightVariables(graph, network)
    const { rule, signatures } = yield* stepNodes(tf, graph, setup, weights)
    const slotsOf = ({ name, shape }: Variable) =>
      Array.from({ length: rule.slots }, (_, slot) => ({ name: slotName(name, slot), shape }))
    const { batchRows } = validation
    const validationShape = [validation.inputs.length / Network.sizeOf(network.input), ...network.input]
    graph.variable("validation", "float", validationShape)
    const validationRows = graph.fed("validation_rows", "int32", [batchRows])
    const batch = graph.gather("validation_batch", "validation", validationRows, "float")
    const probabilities = yield* predictNodes(tf, graph, network, weights, batchRows, batch)
    const data = [
      { name: "inputs", type: "float", shape: [labels.length, ...network.input], slots: 0, isWritten: false },
      { name: "validation", type: "float", shape: validationShape, slots: 0, isWritten: false },
      { name: "labels", type: "int32", shape: [labels.length], slots: 0, isWritten: false },
      { name: "told", type: "float", shape: [lookEvery, 2], slots: 0, isWritten: true }
    ] as const
    const written = { type: "float", slots: 0, isWritten: true } as const
    const held = weights.map(({ name, shape }) => ({ ...written, name, shape }))
    const kept = weights.flatMap((weight) => slotsOf(weight))
    const init = assignNodes(graph, "init", [...data, ...held.map((weight) => ({ ...weight, slots: rule.slots }))])
    const restore = assignNodes(graph, "restore", [...held, ...kept.map((slot) => ({ ...written, ...slot }))])
    const slotReads = kept.map(({ name }) => ({ name, value: graph.read(`${name}_read`, name, "float") }))
    const session = yield* tensorflow.session({
      nodes: graph.nodes,
      signatures: {
        init,
        restore,
        ...signatures,
        predict: { inputs: { rows: { node: validationRows, type: "int32" } }, outputs: { probabilities } },
        weights: outputsOf(weights),
        ...(kept.length === 0 ? {} : { slots: outputsOf(slotReads) })
      }
    })
    const call = (signature: string, inputs: Readonly<Record<string, Tensor>>) => {
      const outputs = session.run(signature, inputs)
      tf.dispose(inputs)
      return outputs
    }
    yield* Effect.sync(() => {
      const initial = Network.initialWeights(network, setup.seed)
      const inputs = Object.fromEntries(
        weights.map(({ name, shape }, at) => [name, tf.tensor(initial[at] as Float32Array, [...shape])])
      )
      const fed = {
        ...inputs,
        inputs: tf.tensor(setup.inputs, [labels.length, ...network.input]),
        validation: tf.tensor(validation.inputs, validationShape),
        labels: tf.tensor1d(labels, "int32"),
        told: tf.zeros([lookEvery, 2])
      }
      tf.dispose(call("init", fed))
    })

    let pending = 0
    const floats = (tensor: Tensor | undefined) => {
      const values = (tensor as Tensor).dataSync<"float32">()
      tensor?.dispose()
      return values
    }
    return {
      step: (rows, epoch, step) => {
        const given = Stepper.given(setup, rows, epoch, step)
        const fed: Record<string, Tensor> = {
          rows: tf.tensor1d(given.rows, "int32"),
          shares: tf.tensor1d(given.shares),
          slot: tf.scalar(pending, "int32"),
          scalars: tf.tensor1d(Float32Array.from(rule.scalars(epoch, step)))
        }
        if (given.weighted !== null) fed.weighted = tf.tensor1d(given.weighted)
        if (given.maps !== null) fed.maps = tf.tensor2d(given.maps, [batchSize, StepViews.mapSize])
        given.seeds.forEach((seed, at) => {
          fed[`seed_${at}`] = tf.tensor1d(seed, "int32")
        })
        tf.dispose(call("step", fed))
        pending += 1
      },
      losses: () => {
        const told = floats(call("losses", {}).told)
        const steps = Array.from({ length: pending }, (_, at) => ({
          loss: told[2 * at] ?? Number.NaN,
          correct: told[2 * at + 1] ?? 0
        }))
        pending = 0
        return steps
      },
      weights: () => {
        const read = call("weights", {})
        return weights.map(({ name }) => floats(read[name]))
      },
      slots: () => {
        const read = kept.length === 0 ? {} : call("slots", {})
        return kept.map(({ name }) => floats(read[name]))
      },
      restore: (values, slotValues) => {
        const given = [...weights, ...kept].map(({ name, shape }, at) => [
          name,
          tf.tensor([...values, ...slotValues][at] as Float32Array, [...shape])
        ])
        tf.dispose(call("restore", Object.fromEntries(given)))
      },
      predict: (rows) => floats(call("predict", { rows: tf.tensor1d(rows, "int32") }).probabilities)
    } satisfies CompiledStepper
  })
