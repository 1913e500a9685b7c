import { expect, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Random from "../../../api/random.ts"
import type { Layer } from "../../../images/models/Layer.ts"
import * as Network from "../../../images/models/Network.ts"
import type { Optimizer } from "../../../images/models/Optimizer.ts"
import { dropoutMask } from "../../../images/models/operations.ts"
import { plain } from "../../../images/models/Stepper.ts"
import * as Compiled from "../../../images/models/training-compiled.ts"
import * as Eager from "../../../images/models/training-eager.ts"
import { Tensorflow, type Tf } from "../../../images/services/Tensorflow.ts"

type Tensor = import("@tensorflow/tfjs-node-gpu").Tensor
type Tensor4D = import("@tensorflow/tfjs-node-gpu").Tensor4D

/**
 * The steps against what nothing of ours takes part in: tfjs' own layers and automatic differentiation, and the
 * optimizers' formulas in double precision.
 */
const [rows, batchSize, classes, steps, seed, l2] = [60, 20, 5, 3, 7, 0.01]

const conv = (filters: number, padding: "same" | "valid", activation: "relu" | "linear" = "relu"): Layer => ({
  kind: "conv2d",
  filters,
  kernelSize: 3,
  padding,
  activation
})
const pool: Layer = { kind: "max-pool", size: 2 }
const drop: Layer = { kind: "dropout", rate: 0.25 }
const dense = (units: number, activation: "relu" | "linear" = "relu"): Layer => ({ kind: "dense", units, activation })
const end: Layer = { kind: "dense", units: classes, activation: "softmax" }

const networks: Readonly<Record<string, readonly [layers: Network.Network, input: ReadonlyArray<number>]>> = {
  "a narrow dense layer": [[dense(8), drop, end], [96]],
  "a wide dense layer": [[dense(72), drop, dense(64, "linear"), end], [96]],
  "convolution, pooling and flatten": [
    [conv(6, "valid"), pool, drop, { kind: "flatten" }, dense(72), end],
    [7, 8, 3]
  ],
  "same padding and global average": [
    [conv(5, "same", "linear"), pool, conv(6, "same"), { kind: "global-average-pooling" }, end],
    [6, 6, 2]
  ]
}

/** What a step adds to a weight: each is an epoch of its own here. */
type Formula = () => (step: number, gradient: number, weight: number) => number

const adam =
  (rate: (epoch: number) => number): Formula =>
  () => {
    let [m, v] = [0, 0]
    return (step, gradient) => {
      m = 0.9 * m + 0.1 * gradient
      v = 0.999 * v + 0.001 * gradient ** 2
      return (-rate(step) * Math.sqrt(1 - 0.999 ** step) * m) / ((1 - 0.9 ** step) * (Math.sqrt(v) + 1e-7))
    }
  }

/** By the papers' formulas as Keras has them. */
const byFormula: Readonly<Record<string, readonly [Optimizer, Formula]>> = {
  adam: [{ kind: "adam", learningRate: 0.01 }, adam(() => 0.01)],
  "adam with a decay": [
    { kind: "adam", learningRate: 0.01, decay: 0.5 },
    adam((epoch) => [0.01, 0.01 / 1.5, 0.005][epoch - 1] ?? Number.NaN)
  ],
  "adam along a cosine": [
    // one epoch up, four down to a tenth: at the start of the warm-up, at its end, after a quarter of the way down
    { kind: "adam", learningRate: 0.01, schedule: { kind: "cosine", warmUpEpochs: 1, epochs: 4, end: 0.1 } },
    adam((epoch) => [0, 0.01, 0.01 * (0.9 * 0.5 * (1 + Math.SQRT1_2) + 0.1)][epoch - 1] ?? Number.NaN)
  ],
  adamw: [
    { kind: "adamw", learningRate: 0.01, weightDecay: 5 },
    () => {
      const update = adam(() => 0.01)()
      return (step, gradient, weight) => -0.01 * 5 * weight + update(step, gradient, weight)
    }
  ],
  "sgd in steps": [
    { kind: "sgd", learningRate: 0.05, momentum: 0, schedule: { kind: "step", epochs: 2, factor: 0.3 } },
    () => (epoch, gradient) => ([-0.05, -0.05, -0.015][epoch - 1] ?? Number.NaN) * gradient
  ],
  sgd: [{ kind: "sgd", learningRate: 0.05, momentum: 0 }, () => (_, gradient) => -0.05 * gradient],
  momentum: [
    { kind: "sgd", learningRate: 0.02, momentum: 0.9 },
    () => {
      let velocity = 0
      return (_, gradient) => {
        velocity = 0.9 * velocity - 0.02 * gradient
        return velocity
      }
    }
  ],
  "sgd with a decay": [
    { kind: "sgd", learningRate: 0.05, decay: 1, momentum: 0 },
    () => (epoch, gradient) => (-0.05 / epoch) * gradient
  ]
}

const activated = (tf: Tf, activation: string, x: Tensor) => (activation === "relu" ? tf.relu(x) : x)

/** Logits by tfjs' own operations, masks being those of the dropout layers in their order. */
const logits = (tf: Tf, layers: Network.Network, weights: ReadonlyArray<Tensor>, x: Tensor, masks: Array<Tensor>) => {
  const left = [...weights]
  const [dropped, next] = [[...masks], () => left.shift() as Tensor]
  return layers.reduce((y, layer) => {
    switch (layer.kind) {
      case "conv2d":
        return activated(
          tf,
          layer.activation,
          tf.add(tf.conv2d(y as Tensor4D, next() as Tensor4D, 1, layer.padding), next())
        )
      case "max-pool":
        return tf.maxPool(y as Tensor4D, layer.size, layer.size, "valid")
      case "global-average-pooling":
        return tf.mean(y, [1, 2])
      case "flatten":
        return tf.reshape(y, [batchSize, -1])
      case "dense":
        return activated(tf, layer.activation, tf.add(tf.matMul(y, next()), next()))
      case "dropout":
        return tf.mul(y, dropped.shift() as Tensor)
    }
  }, x)
}

layer(Tensorflow.live)("a training step", (it) => {
  for (const [what, [layers, input]] of Object.entries(networks)) {
    for (const [name, [optimizer, rule]] of Object.entries(byFormula)) {
      it.scoped(`is by the book for ${what}, ${name}`, () =>
        Effect.gen(function* () {
          const { tf } = yield* Tensorflow
          const network = yield* Network.check(layers, input, classes)
          const size = input.reduce((product, length) => product * length, 1)
          const inputs = Random.uniform({ seed: 3, purpose: "weights", epoch: 0, step: 0 }, rows * size, 1)
          const labels = Int32Array.from({ length: rows }, (_, row) => (row * 3) % classes)
          const setup = {
            ...plain,
            network,
            inputs,
            labels,
            optimizer,
            l2,
            batchSize,
            stepsPerEpoch: 1,
            seed,
            lookEvery: steps
          }
          const steppers = [yield* Compiled.open(setup, { inputs, batchRows: 4 }), yield* Eager.open(tf, setup)]
          const named = Network.weights(network)
          let weights = Network.initialWeights(network, seed).map((start) => Float64Array.from(start))
          const rules = weights.map((values) => Array.from(values, rule))
          const drawn = network.layers.filter(({ layer }) => layer.kind === "dropout")
          const losses: Array<number> = []
          for (let step = 1; step <= steps; step++) {
            const batch = Int32Array.from({ length: batchSize }, (_, at) => ((step - 1) * batchSize + at) % rows)
            for (const stepper of steppers) stepper.step(batch, step, step)
            const gradients = tf.tidy(() => {
              const x = tf.gather(tf.tensor(inputs, [rows, ...input]), tf.tensor1d(batch, "int32"))
              const y = tf.oneHot(tf.gather(tf.tensor1d(labels, "int32"), tf.tensor1d(batch, "int32")), classes)
              const words = Random.words({ seed, purpose: "dropout", epoch: step, step }, 2 * drawn.length)
              const masks = drawn.map(({ output }, at) =>
                dropoutMask(
                  tf,
                  [batchSize, ...output],
                  0.25,
                  tf.tensor1d(Int32Array.from(words.subarray(2 * at, 2 * at + 2)), "int32")
                )
              )
              const loss = (...at: ReadonlyArray<Tensor>) =>
                tf.losses.softmaxCrossEntropy(y, logits(tf, layers, at, x, masks)) as Tensor
              const minimised = (...at: ReadonlyArray<Tensor>) =>
                at.reduce(
                  (sum, weight, index) =>
                    named[index]?.name === "kernel" ? tf.add(sum, tf.mul(tf.sum(tf.square(weight)), l2)) : sum,
                  loss(...at)
                )
              const at = weights.map((values, index) =>
                tf.tensor(Float32Array.from(values), [...(named[index]?.shape ?? [])])
              )
              losses.push(loss(...at).dataSync()[0] ?? Number.NaN)
              return tf
                .grads(minimised)([...at])
                .map((gradient) => gradient.dataSync())
            })
            weights = weights.map((values, index) =>
              values.map(
                (value, at) => value + (rules[index]?.[at]?.(step, gradients[index]?.[at] ?? 0, value) ?? Number.NaN)
              )
            )
          }
          for (const stepper of steppers) {
            stepper.losses().forEach(({ loss }, at) => expect(loss).toBeCloseTo(losses[at] ?? Number.NaN, 4))
            stepper.weights().forEach((found, index) => {
              const apart = found.map((value, at) => Math.abs(value - (weights[index]?.[at] ?? Number.NaN)))
              expect(Math.max(...apart), `${named[index]?.layer} ${named[index]?.name}`).toBeLessThan(2e-5)
            })
          }
        })
      )
    }
  }
})
