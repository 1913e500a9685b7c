import { Effect, type Scope } from "effect"
import { type GraphUnloadable, Tensorflow } from "../services/Tensorflow.ts"
import type * as Network from "./Network.ts"
import { assignNodes, builder, predictNodes, weightVariables } from "./network-graph.ts"

type Tensor = import("@tensorflow/tfjs-node-gpu").Tensor

/** From inputs, row-major [rows, ...input], `rows` of them, to probabilities [rows, classes]. */
export type PredictBatch = (inputs: Float32Array) => Float32Array

/** A trained network that predicts `rows` inputs at once, its weights held natively until the scope closes. */
export const openPredictor = (
  network: Network.Checked,
  arrays: ReadonlyArray<Float32Array>,
  rows: number
): Effect.Effect<PredictBatch, GraphUnloadable, Tensorflow | Scope.Scope> =>
  Effect.gen(function* () {
    const tensorflow = yield* Tensorflow
    const { tf } = tensorflow
    const graph = builder()
    const weights = weightVariables(graph, network)
    const fed = graph.fed("x", "float", [rows, ...network.input])
    const probabilities = yield* predictNodes(tf, graph, network, weights, rows, fed)
    const predict = { inputs: { x: { node: fed, type: "float" as const } }, outputs: { probabilities } }
    const assigned = weights.map(({ name, shape }) => ({
      name,
      type: "float" as const,
      shape,
      slots: 0,
      isWritten: false
    }))
    const init = assignNodes(graph, "init", assigned)
    const session = yield* tensorflow.session({ nodes: graph.nodes, signatures: { init, predict } })
    yield* tensorflow.tidy((tf) => {
      session.run(
        "init",
        Object.fromEntries(
          weights.map(({ name, shape }, at) => [name, tf.tensor(arrays[at] as Float32Array, [...shape])])
        )
      )
    })
    return (inputs) => {
      const x = tf.tensor(inputs, [rows, ...network.input])
      const { probabilities } = session.run("predict", { x })
      const values = (probabilities as Tensor).dataSync<"float32">()
      tf.dispose([x, probabilities as Tensor])
      return values
    }
  })
