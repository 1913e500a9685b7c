import type { NodeJSKernelBackend } from "@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js"
import { Effect, type Scope } from "effect"
import type { Tf } from "../services/Tensorflow.ts"
import { inputs, type Weights } from "./DenseHead.ts"
import * as Random from "./Random.ts"
import type { Data, Options } from "./Training.ts"

type Tensor = import("@tensorflow/tfjs-node-gpu").Tensor
type Tensor2D = import("@tensorflow/tfjs-node-gpu").Tensor2D

/** A network in training: its weights, Adam's moments and the data, held natively until its scope closes. */
export interface Network {
  /** One Adam step on a batch of rows. `step` counts from 1 over the whole training. */
  readonly step: (rows: Int32Array, epoch: number, step: number) => void
  /** Summed cross-entropy and correct rows of each step since the last call, before its update and with dropout. */
  readonly losses: () => ReadonlyArray<{ readonly loss: number; readonly correct: number }>
  /** The weights as they are now. */
  readonly weights: () => Weights
}

/**
 * TensorFlow's own operations, past the ones that tfjs wraps. Not its MatMul: for narrow kernels that runs a oneDNN routine
 * under which a profiler's signal corrupts the heap (TensorFlow 2.21, AVX-512); tfjs' matMul takes another.
 */
const native = (tf: Tf) => {
  const backend = tf.backend() as NodeJSKernelBackend
  const { TF_ATTR_BOOL, TF_ATTR_SHAPE, TF_ATTR_STRING, TF_ATTR_TYPE, TF_FLOAT, TF_INT32 } = backend.binding
  const type = (name: string, value: number) => ({ name, type: TF_ATTR_TYPE, value })
  const flag = (name: string, value: boolean) => ({ name, type: TF_ATTR_BOOL, value })
  const float = type("T", TF_FLOAT)
  const dtype = type("dtype", TF_FLOAT)
  return {
    biasAdd: (a: Tensor, bias: Tensor) => backend.executeSingleOutput("BiasAdd", [float], [a, bias]),
    biasGradient: (gradient: Tensor) => backend.executeSingleOutput("BiasAddGrad", [float], [gradient]),
    reluGradient: (gradient: Tensor, output: Tensor) =>
      backend.executeSingleOutput("ReluGrad", [float], [gradient, output]),
    /** Cross-entropy of each row, in nats, and its gradient by the logits. */
    crossEntropy: (logits: Tensor, labels: Tensor) =>
      backend.executeMultipleOutputs(
        "SparseSoftmaxCrossEntropyWithLogits",
        [float, type("Tlabels", TF_INT32)],
        [logits, labels],
        2
      ) as [Tensor, Tensor],
    uniform: (shape: Tensor, seed: Tensor) =>
      backend.executeSingleOutput(
        "StatelessRandomUniform",
        [dtype, type("T", TF_INT32), type("Tseed", TF_INT32)],
        [shape, seed]
      ),
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
      backend.executeMultipleOutputs("DestroyResourceOp", [flag("ignore_lookup_error", true)], [variable], 0)
      variable.dispose()
    },
    adam: (inputs: ReadonlyArray<Tensor>) =>
      backend.executeMultipleOutputs(
        "ResourceApplyAdam",
        [float, flag("use_locking", false), flag("use_nesterov", false)],
        [...inputs],
        0
      )
  }
}

/** What an inverted dropout multiplies activations by: 0 at `rate`, else 1 / (1 - rate). The same for the same place. */
export const dropoutMask = (
  tf: Tf,
  place: Omit<Random.Place, "purpose">,
  shape: readonly [number, number],
  rate: number
) =>
  tf.tidy(() => {
    const seed = new Int32Array(Random.words({ ...place, purpose: "dropout" }, 2).buffer)
    const drawn = native(tf).uniform(tf.tensor1d([...shape], "int32"), tf.tensor1d(seed, "int32"))
    return tf.mul(tf.cast(tf.greaterEqual(drawn, rate), "float32"), 1 / (1 - rate)) as Tensor2D
  })

const beta1 = 0.9
const beta2 = 0.999

/**
 * Step-by-step training over TensorFlow's native operations, with gradients written out. Glorot-uniform kernels and zero
 * biases; Adam as Keras has it (Kingma and Ba, 2015, "epsilon hat" form, epsilon 1e-7). The data is copied once.
 */
export const open = (tf: Tf, data: Data, options: Options): Effect.Effect<Network, never, Scope.Scope> => {
  const { units, dropout, l2, learningRate, seed } = options
  const { classes } = data
  const ops = native(tf)

  const glorot = (purpose: "hiddenKernel" | "classesKernel", fanIn: number, fanOut: number) => {
    const place = { seed, purpose, epoch: 0, step: 0 }
    return tf.tensor2d(Random.uniform(place, fanIn * fanOut, Math.sqrt(6 / (fanIn + fanOut))), [fanIn, fanOut])
  }
  // each with Adam's two moments, in the order of the gradients below
  const create = () =>
    tf.tidy(() =>
      [
        glorot("hiddenKernel", inputs, units),
        tf.zeros([units]),
        glorot("classesKernel", units, classes),
        tf.zeros([classes])
      ].map((initial) =>
        [initial, tf.zerosLike(initial), tf.zerosLike(initial)].map((value) => tf.keep(ops.variable(value)))
      )
    )

  const acquire = Effect.sync(() => ({
    variables: create(),
    features: tf.tensor2d(data.features, [data.labels.length, inputs]),
    labels: tf.tensor1d(data.labels, "int32"),
    constants: [learningRate, beta1, beta2, 1e-7].map((value) => tf.scalar(value)),
    pending: [] as Array<Tensor>
  }))

  return Effect.map(
    Effect.acquireRelease(acquire, ({ variables, features, labels, constants, pending }) =>
      Effect.sync(() => {
        variables.flat().forEach(ops.destroy)
        tf.dispose([features, labels, constants, pending])
      })
    ),
    ({ variables, features, labels, constants, pending }): Network => {
      const current = () => variables.map(([value]) => ops.read(value as Tensor)) as [Tensor, Tensor, Tensor, Tensor]

      const gradients = (x: Tensor, y: Tensor, epoch: number, step: number) =>
        tf.tidy(() => {
          const rows = y.shape[0] ?? 0
          const [hiddenKernel, hiddenBias, classesKernel, classesBias] = current()
          const relu = tf.relu(ops.biasAdd(tf.matMul(x, hiddenKernel), hiddenBias))
          const kept = dropout > 0 ? tf.mul(relu, dropoutMask(tf, { seed, epoch, step }, [rows, units], dropout)) : relu
          const logits = ops.biasAdd(tf.matMul(kept, classesKernel), classesBias)
          const [loss, byLogits] = ops.crossEntropy(logits, y)
          const correct = tf.cast(tf.equal(tf.argMax(logits, 1), y), "float32")
          const d2 = tf.mul(byLogits, 1 / rows)
          // a kept unit is positive exactly where relu let it through, so that its mask is needed here as a scale only
          const d1 = ops.reluGradient(tf.matMul(tf.mul(d2, 1 / (1 - dropout)), classesKernel, false, true), kept)
          const decayed = (gradient: Tensor, kernel: Tensor) =>
            l2 > 0 ? tf.add(gradient, tf.mul(kernel, 2 * l2)) : gradient
          return [
            tf.stack([tf.sum(loss), tf.sum(correct)]),
            decayed(tf.matMul(x, d1, true), hiddenKernel),
            ops.biasGradient(d1),
            decayed(tf.matMul(kept, d2, true), classesKernel),
            ops.biasGradient(d2)
          ]
        })

      return {
        step: (rows, epoch, step) =>
          void tf.tidy(() => {
            const index = tf.tensor1d(rows, "int32")
            // the weights' reads are gone before Adam writes: it would copy what someone still holds
            const [sums, ...byVariable] = gradients(tf.gather(features, index), tf.gather(labels, index), epoch, step)
            const powers = [tf.scalar(beta1 ** step), tf.scalar(beta2 ** step)]
            byVariable.forEach((gradient, at) =>
              ops.adam([...(variables[at] ?? []), ...powers, ...constants, gradient])
            )
            if (sums !== undefined) pending.push(tf.keep(sums))
          }),
        losses: () =>
          pending.splice(0).map((sums) => {
            const [loss = Number.NaN, correct = 0] = sums.dataSync()
            sums.dispose()
            return { loss, correct }
          }),
        weights: () => {
          // not in a tidy: it would look for tensors in its result, the weights, one by one
          const [hiddenKernel, hiddenBias, classesKernel, classesBias] = current().map((value) => {
            const floats = value.dataSync() as Float32Array
            value.dispose()
            return floats
          }) as [Float32Array, Float32Array, Float32Array, Float32Array]
          return { units, classes, hiddenKernel, hiddenBias, classesKernel, classesBias }
        }
      }
    }
  )
}
