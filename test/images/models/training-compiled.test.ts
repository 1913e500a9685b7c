import { createHash } from "node:crypto"
import { expect, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Random from "../../../api/random.ts"
import type { Layer } from "../../../images/models/Layer.ts"
import * as Network from "../../../images/models/Network.ts"
import type { Optimizer } from "../../../images/models/Optimizer.ts"
import { plain, type Setup } from "../../../images/models/Stepper.ts"
import * as Compiled from "../../../images/models/training-compiled.ts"
import * as Eager from "../../../images/models/training-eager.ts"
import { Tensorflow } from "../../../images/services/Tensorflow.ts"
import type { SessionGraph } from "../../../images/services/tensorflow-graph.ts"

const rows = 96
const batchSize = 16
const steps = 50
const predictRows = 8

const conv = (filters: number, padding: "same" | "valid", activation: "relu" | "linear" = "relu"): Layer => ({
  kind: "conv2d",
  filters,
  kernelSize: 3,
  padding,
  activation
})
const pool: Layer = { kind: "max-pool", size: 2 }
const flatten: Layer = { kind: "flatten" }
const average: Layer = { kind: "global-average-pooling" }
const drop: Layer = { kind: "dropout", rate: 0.3 }
const dense: Layer = { kind: "dense", units: 72, activation: "relu" }
const linear: Layer = { kind: "dense", units: 12, activation: "linear" }
const end: Layer = { kind: "dense", units: 4, activation: "softmax" }

const optimizers = {
  adam: { kind: "adam", learningRate: 3e-3 },
  sgd: { kind: "sgd", learningRate: 0.05, momentum: 0 },
  momentum: { kind: "sgd", learningRate: 0.02, momentum: 0.9 }
} satisfies Record<string, Optimizer>

/** Rows of four classes, told apart by the mean of their values. */
const setupOf = (
  layers: Network.Network,
  input: ReadonlyArray<number>,
  optimizer: Optimizer,
  changes: Partial<Setup> = {}
) =>
  Effect.map(Network.check(layers, input, 4), (network): Setup => {
    const size = input.reduce((product, length) => product * length, 1)
    const labels = Int32Array.from({ length: rows }, (_, row) => row % 4)
    const inputs = Random.uniform({ seed: 5, purpose: "weights", epoch: 0, step: 0 }, rows * size, 1)
    inputs.forEach((value, at) => {
      inputs[at] = value + 0.4 * ((labels[Math.floor(at / size)] ?? 0) - 1.5)
    })
    const stepsPerEpoch = Math.ceil(rows / batchSize)
    return {
      ...plain,
      network,
      inputs,
      labels,
      optimizer,
      batchSize,
      stepsPerEpoch,
      seed: 9,
      lookEvery: steps,
      ...changes
    }
  })

/** Trained on its rows, and validated on them. */
const open = (setup: Setup) => Compiled.open(setup, { inputs: setup.inputs, batchRows: predictRows })

/** The rows of a step: every sixth is a smaller batch, as at the end of an epoch. */
const batch = (step: number) =>
  Int32Array.from({ length: step % 6 === 0 ? 5 : batchSize }, (_, at) => (step * 7 + at * 5) % rows)

const cases: ReadonlyArray<readonly [name: string, layers: Network.Network, input: ReadonlyArray<number>]> = [
  ["dense, linear and dropout", [dense, drop, linear, drop, end], [20]],
  ["convolution, pooling and flatten", [conv(6, "valid"), pool, drop, flatten, dense, end], [9, 8, 3]],
  ["same padding and global average", [conv(5, "same", "linear"), conv(6, "same"), average, drop, end], [6, 6, 2]]
]

layer(Tensorflow.live)("the compiled step", (it) => {
  for (const [name, layers, input] of cases) {
    for (const [rule, optimizer] of Object.entries(optimizers)) {
      it.scoped(`follows the eager one for ${steps} steps: ${name}, ${rule}`, () =>
        Effect.gen(function* () {
          const { tf } = yield* Tensorflow
          const setup = yield* setupOf(layers, input, optimizer, { l2: 1e-3 })
          const eager = yield* Eager.open(tf, setup)
          const compiled = yield* open(setup)
          for (let step = 1; step <= steps; step++) {
            eager.step(batch(step), 1, step)
            compiled.step(batch(step), 1, step)
          }
          const [theirs, ours] = [eager.losses(), compiled.losses()]
          expect(ours).toHaveLength(steps)
          ours.forEach(({ loss }, at) => expect(Math.abs(loss - (theirs[at]?.loss ?? Number.NaN))).toBeLessThan(1e-3))
          expect(ours.at(-2)?.loss).toBeLessThan(ours[0]?.loss ?? 0)
          eager.weights().forEach((array, index) => {
            const own = compiled.weights()[index] ?? new Float32Array()
            expect(own).toHaveLength(array.length)
            array.forEach((value, at) => expect(Math.abs((own[at] ?? Number.NaN) - value)).toBeLessThan(1e-2))
          })
        })
      )
    }
  }

  it.scoped(
    "drops other units in every step: at a rate of zero for the weights, the loss of one batch still changes",
    () =>
      Effect.gen(function* () {
        const still = { kind: "sgd", learningRate: 0, momentum: 0 } as const
        const compiled = yield* open(yield* setupOf([dense, drop, end], [20], still))
        const rows = Int32Array.from({ length: batchSize }, (_, at) => at)
        const places = [1, 2, 3, 1].map((step) => [1, step] as const)
        for (const [epoch, step] of [...places, [2, 1] as const]) compiled.step(rows, epoch, step)
        const losses = compiled.losses().map(({ loss }) => loss)
        expect(losses[3]).toBe(losses[0])
        expect(new Set(losses).size).toBe(4)
      })
  )

  it.scoped("counts the rows of a smaller batch only: its loss and its update are those of a batch of that size", () =>
    Effect.gen(function* () {
      const setup = yield* setupOf([dense, end], [20], optimizers.sgd)
      const [padded, exact] = [yield* open(setup), yield* open({ ...setup, batchSize: 5 })]
      const rows = Int32Array.of(3, 1, 4, 15, 9)
      for (const stepper of [padded, exact]) stepper.step(rows, 1, 1)
      const [ours, theirs] = [padded.losses()[0], exact.losses()[0]]
      expect(ours?.loss).toBeCloseTo(theirs?.loss ?? 0, 6)
      expect(ours?.correct).toBe(theirs?.correct)
      const expected = exact.weights()
      padded.weights().forEach((array, index) => {
        array.forEach((value, at) => expect(value).toBeCloseTo(expected[index]?.[at] ?? 0, 6))
      })
    })
  )

  it.scoped("predicts with the weights as they are, like the network they make", () =>
    Effect.gen(function* () {
      const { tf } = yield* Tensorflow
      const setup = yield* setupOf([dense, drop, end], [20], optimizers.adam)
      const compiled = yield* open(setup)
      const chosen = Int32Array.from({ length: predictRows }, (_, at) => (at * 5) % rows)
      const before = compiled.predict(chosen)
      compiled.step(batch(1), 1, 1)
      const after = compiled.predict(chosen)
      expect(after).not.toStrictEqual(before)
      const [w1, b1, w2, b2] = compiled.weights()
      const expected = tf.tidy(() => {
        const x = tf.gather(tf.tensor2d(setup.inputs, [rows, 20]), tf.tensor1d(chosen, "int32"))
        const hidden = tf.relu(tf.add(tf.matMul(x, tf.tensor2d(w1 ?? [], [20, 72])), tf.tensor1d(b1 ?? [])))
        return tf.softmax(tf.add(tf.matMul(hidden, tf.tensor2d(w2 ?? [], [72, 4])), tf.tensor1d(b2 ?? []))).dataSync()
      })
      after.forEach((value, at) => expect(value).toBeCloseTo(expected[at] ?? 0, 6))
    })
  )

  it.effect("is one native call, keeps no tensor, and its memory stays as it is", () =>
    Effect.gen(function* () {
      const { tf } = yield* Tensorflow
      const tensors = tf.memory().numTensors
      yield* Effect.gen(function* () {
        const setup = yield* setupOf([conv(6, "valid"), pool, drop, flatten, dense, end], [9, 8, 3], optimizers.adam)
        const compiled = yield* open(setup)
        const backend =
          tf.backend() as import("@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js").NodeJSKernelBackend
        const { binding } = backend
        const counts = { runSavedModel: 0, executeOp: 0 }
        const counted = Object.create(binding, {
          runSavedModel: {
            value: (...args: Parameters<typeof binding.runSavedModel>) => {
              counts.runSavedModel += 1
              return binding.runSavedModel(...args)
            }
          },
          executeOp: {
            value: (...args: Parameters<typeof binding.executeOp>) => {
              counts.executeOp += 1
              return binding.executeOp(...args)
            }
          }
        })
        const held = tf.memory().numTensors
        backend.binding = counted
        compiled.step(batch(1), 1, 1)
        backend.binding = binding
        expect(counts).toStrictEqual({ runSavedModel: 1, executeOp: 0 })
        expect(tf.memory().numTensors).toBe(held)
        const train = (from: number, count: number) => {
          for (let step = from; step < from + count; step++) {
            compiled.step(batch(step), 1, step)
            if (step % steps === 0) compiled.losses()
          }
        }
        compiled.losses()
        train(1, 500)
        const before = process.memoryUsage.rss()
        train(501, 2000)
        expect(process.memoryUsage.rss() - before).toBeLessThan(20e6)
        expect(tf.memory().numTensors).toBe(held)
      }).pipe(Effect.scoped)
      expect(tf.memory().numTensors).toBe(tensors)
    })
  )
})

/** The graph that a training opens. */
const graphOf = (setup: Setup) =>
  Effect.gen(function* () {
    const { tf } = yield* Tensorflow
    const graphs: Array<SessionGraph> = []
    const watched = Tensorflow.of({
      ...(yield* Tensorflow),
      session: (graph) => {
        graphs.push(graph)
        return Effect.succeed({ run: () => ({ done: tf.scalar(0) }) })
      }
    })
    yield* Effect.provideService(open(setup), Tensorflow, watched)
    return graphs[0] as SessionGraph
  })

it.scoped(
  "the step of a training that is told nothing more is the graph that it was in version 0.1, and of others it is not",
  () =>
    Effect.gen(function* () {
      const digestOf = (changes: Partial<Setup>) =>
        Effect.gen(function* () {
          const layers = [conv(6, "valid"), pool, drop, flatten, dense, end]
          const graph = yield* graphOf(yield* setupOf(layers, [9, 8, 3], optimizers.adam, { l2: 1e-3, ...changes }))
          const text = JSON.stringify(graph, (_, value) => (ArrayBuffer.isView(value) ? Object.values(value) : value))
          return createHash("sha256").update(text).digest("hex")
        })
      const before = "65d1d894cf1203ea6ee3937660dbdcd117326c7904ba6e7db30a18af1f9949bc"
      expect(yield* digestOf({})).toBe(before)
      const others = yield* Effect.forEach(
        [
          { labelSmoothing: 0.1 },
          { classWeights: [1, 2, 1, 1] },
          { stepViews: { flip: true, shift: 0 } },
          { optimizer: { ...optimizers.adam, kind: "adamw", weightDecay: 0.1 } as const }
        ],
        digestOf
      )
      expect(new Set([before, ...others]).size).toBe(5)
    }).pipe(Effect.provide(Tensorflow.live))
)

it.scoped(
  "assigns what is written to a copy: it must not be JavaScript's memory that TensorFlow's threads give back",
  () =>
    Effect.gen(function* () {
      const graphs = [yield* graphOf(yield* setupOf([dense, drop, end], [20], optimizers.momentum))]
      const nodes = new Map(graphs.flatMap(({ nodes }) => nodes.map((node) => [node.name, node])))
      const all = [...nodes.values()]
      const written = new Set(all.flatMap(({ op, inputs }) => (/^Resource(Apply|Scatter)/.test(op) ? [inputs[0]] : [])))
      const fed = all.flatMap(({ op, inputs: [variable, value = ""] }) =>
        op === "AssignVariableOp" && written.has(variable) ? [nodes.get(value)?.op] : []
      )
      expect(written.size).toBe(5)
      // at the start, and the four weights again where a training is resumed
      expect(fed).toEqual(Array.from({ length: 9 }, () => "DeepCopy"))
    }).pipe(Effect.provide(Tensorflow.live))
)
