import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { Tensorflow, TensorflowUnloadable } from "../../../images/services/Tensorflow.ts"
import type { Graph, Node } from "../../../images/services/tensorflow-graph.ts"

const placeholder: Node = {
  name: "x",
  op: "Placeholder",
  inputs: [],
  attrs: { dtype: { type: "float" }, shape: { shape: [2] } }
}
const doubled: Graph = {
  nodes: [placeholder, { name: "y", op: "AddV2", inputs: ["x", "x"], attrs: { T: { type: "float" } } }],
  input: "x",
  output: "y"
}

it.layer(Tensorflow.live)("Tensorflow", (it) => {
  it.effect("runs on the native backend", () =>
    Effect.map(Tensorflow, ({ tf }) => expect(tf.getBackend()).toBe("tensorflow"))
  )

  it.effect("disposes what a tidy made, also when it throws", () =>
    Effect.gen(function* () {
      const { tf, tidy } = yield* Tensorflow
      const before = tf.memory().numTensors
      expect(yield* tidy((tf) => tf.add(tf.tensor1d([1, 2]), 1).dataSync())).toEqual(Float32Array.of(2, 3))
      yield* Effect.exit(tidy((tf) => tf.matMul(tf.ones([2, 3]), tf.ones([2, 3]))))
      expect(tf.memory().numTensors).toBe(before)
    })
  )

  it.scoped("runs a graph that is given as data", () =>
    Effect.gen(function* () {
      const { graph, tidy } = yield* Tensorflow
      const run = yield* graph(doubled)
      expect(yield* tidy((tf) => run(tf.tensor1d([1, -3])).dataSync())).toEqual(Float32Array.of(2, -6))
    })
  )

  it.scoped("refuses a graph that TensorFlow refuses, with its reason", () =>
    Effect.gen(function* () {
      const { graph } = yield* Tensorflow
      const unknown: Graph = {
        ...doubled,
        nodes: [placeholder, { name: "y", op: "Nonsense", inputs: ["x"], attrs: {} }]
      }
      const error = yield* Effect.flip(graph(unknown))
      expect(error.message).toMatch(/Nonsense.*; expected .*\. Point TMPDIR/)
    })
  )

  it("says in three parts why TensorFlow cannot be loaded", () => {
    expect(new TensorflowUnloadable({ what: "libtensorflow.so: cannot open" }).message).toBe(
      "TensorFlow cannot be loaded: libtensorflow.so: cannot open; expected its native library, which the installation provides. Run npx headrace-images provision."
    )
  })
})
