import type { NodeJSKernelBackend } from "@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js"
import { Effect, type Scope } from "effect"
import type { Tf } from "../services/Tensorflow.ts"
import type { Attr } from "../services/tensorflow-graph.ts"
import * as Network from "./Network.ts"
import * as Optimizer from "./Optimizer.ts"
import * as Stepper from "./Stepper.ts"
import * as StepViews from "./StepViews.ts"

type Tensor = import("@tensorflow/tfjs-node-gpu").Tensor

/** Resource variables and their updates, operation by operation. */
const native = (tf: Tf) => {
  const backend = tf.backend() as NodeJSKernelBackend
  const { TF_ATTR_BOOL, TF_ATTR_SHAPE, TF_ATTR_STRING, TF_ATTR_TYPE, TF_FLOAT } = backend.binding
  const dtype = { name: "dtype", type: TF_ATTR_TYPE, value: TF_FLOAT }
  const attribute = ([name, attr]: readonly [string, Attr]) =>
    "flag" in attr ? { name, type: TF_ATTR_BOOL, value: attr.flag } : { name, type: TF_ATTR_TYPE, value: TF_FLOAT }
  return {
    variable: (value: Tensor) => {
      const attributes = [
        dtype,
        { name: "shape", type: TF_ATTR_SHAPE, value: value.shape },
        // TensorFlow's name for a variable that no other handle finds
        { name: "shared_name", type: TF_ATTR_STRING, value: "cd2c89b7-88b7-44c8-ad83-06c2a9158347" },
        { name: "container", type: TF_ATTR_STRING, value: "" }
      ]
      const handle = backend.executeSingleOutput("VarHandleOp", attributes, [])
      backend.executeMultipleOutputs("AssignVariableOp", [dtype], [handle, value], 0)
      return handle
    },
    read: (variable: Tensor) => backend.executeSingleOutput("ReadVariableOp", [dtype], [variable]),
    destroy: (variable: Tensor) => {
      const lenient = { name: "ignore_lookup_error", type: TF_ATTR_BOOL, value: true }
      backend.executeMultipleOutputs("DestroyResourceOp", [lenient], [variable], 0)
      variable.dispose()
    },
    subtract: (variable: Tensor, value: Tensor) =>
      backend.executeMultipleOutputs("AssignSubVariableOp", [dtype], [variable, value], 0),
    update: ({ op, attrs }: Optimizer.Rule, inputs: ReadonlyArray<Tensor>) =>
      backend.executeMultipleOutputs(op, Object.entries(attrs).map(attribute), [...inputs], 0)
  }
}

/** Training by single operations: the reference that the compiled step is tested against. */
export const open = (tf: Tf, setup: Stepper.Setup): Effect.Effect<Stepper.Stepper, never, Scope.Scope> => {
  const ops = native(tf)
  const { network } = setup
  const rule = Optimizer.rule(setup.optimizer, setup.stepsPerEpoch)
  const shapes = Network.weights(network).map(({ shape }) => [...shape])

  // each weight with its slots
  const create = () =>
    tf.tidy(() =>
      Network.initialWeights(network, setup.seed).map((values, at) => {
        const initial = tf.tensor(values, shapes[at])
        const slots = Array.from({ length: rule.slots }, () => tf.zerosLike(initial))
        return [initial, ...slots].map((value) => tf.keep(ops.variable(value)))
      })
    )
  const acquire = Effect.sync(() => ({
    variables: create(),
    inputs: tf.tensor(setup.inputs, [setup.labels.length, ...network.input]),
    labels: tf.tensor1d(setup.labels, "int32"),
    pending: [] as Array<Tensor>
  }))

  return Effect.map(
    Effect.acquireRelease(acquire, ({ variables, inputs, labels, pending }) =>
      Effect.sync(() => {
        variables.flat().forEach(ops.destroy)
        tf.dispose([inputs, labels, pending])
      })
    ),
    ({ variables, inputs, labels, pending }): Stepper.Stepper => {
      const current = () => variables.map(([value]) => ops.read(value as Tensor))
      const gradients = (rows: Int32Array, epoch: number, step: number) =>
        tf.tidy(() => {
          const given = Stepper.given(setup, rows, epoch, step)
          const index = tf.tensor1d(given.rows, "int32")
          return [
            ...Stepper.gradients(tf, setup, current(), {
              x: tf.gather(inputs, index),
              labels: tf.gather(labels, index),
              shares: tf.tensor1d(given.shares),
              weighted: given.weighted === null ? null : tf.tensor1d(given.weighted),
              maps: given.maps === null ? null : tf.tensor2d(given.maps, [setup.batchSize, StepViews.mapSize]),
              seeds: given.seeds.map((seed) => tf.tensor1d(seed, "int32"))
            })
          ]
        })
      return {
        step: (rows, epoch, step) =>
          void tf.tidy(() => {
            // the weights' reads are gone before they are written: TensorFlow would copy what someone still holds
            const [told, ...byWeight] = gradients(rows, epoch, step)
            const scalars = rule.scalars(epoch, step).map((value) => tf.scalar(value))
            byWeight.forEach((gradient, at) => {
              const [weight, ...slots] = variables[at] ?? []
              if (rule.weightDecay !== null)
                ops.subtract(weight as Tensor, tf.mul(ops.read(weight as Tensor), scalars[rule.weightDecay] as Tensor))
              ops.update(rule, rule.inputs(weight as Tensor, slots, scalars, gradient))
            })
            pending.push(tf.keep(told as Tensor))
          }),
        losses: () =>
          pending.splice(0).map((told) => {
            const [loss = Number.NaN, correct = 0] = told.dataSync()
            told.dispose()
            return { loss, correct }
          }),
        weights: () =>
          // not in a tidy: it would look for tensors in its result, the weights, one by one
          current().map((value) => {
            const floats = value.dataSync<"float32">()
            value.dispose()
            return floats
          })
      }
    }
  )
}
