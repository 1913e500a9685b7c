import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Random from "../../../api/random.ts"
import type { Files } from "../../../images/artifacts/LayersModel.ts"
import * as Classifier from "../../../images/models/Classifier.ts"
import * as DenseHead from "../../../images/models/DenseHead.ts"
import * as Evaluation from "../../../images/models/Evaluation.ts"
import * as Network from "../../../images/models/Network.ts"
import { Tensorflow } from "../../../images/services/Tensorflow.ts"

const floats = (step: number, count: number) =>
  Random.uniform({ seed: 3, purpose: "weights", epoch: 0, step }, count, 0.5)

const classifierOf = (layers: Network.Network, input: ReadonlyArray<number>) => {
  const network = Effect.runSync(Network.check(layers, input, 3))
  const weights = Network.weights(network).map(({ size }, at) => floats(at, size))
  return { network, weights, classes: ["cat", "dog", "über"] }
}
const head = classifierOf(Network.withEnd(DenseHead.layers({ units: 5, dropout: 0.25 }), 3), [1280])
const convolutional = classifierOf(
  [
    { kind: "conv2d", filters: 4, kernelSize: 3, padding: "same", activation: "relu" },
    { kind: "max-pool", size: 2 },
    { kind: "conv2d", filters: 3, kernelSize: 2, padding: "valid", activation: "linear" },
    { kind: "flatten" },
    { kind: "dropout", rate: 0.5 },
    { kind: "dense", units: 3, activation: "softmax" }
  ],
  [7, 6, 3]
)
const pooled = classifierOf(
  [{ kind: "global-average-pooling" }, { kind: "dense", units: 3, activation: "softmax" }],
  [7, 6, 3]
)

const edit = (change: (model: Record<string, unknown>) => void) => {
  const files = Classifier.toFiles(head)
  const model = JSON.parse(new TextDecoder().decode(files["model.json"]))
  change(model)
  return { ...files, "model.json": new TextEncoder().encode(JSON.stringify(model)) }
}

describe("the files of a classifier", () => {
  it.effect("give the classifier back, every weight to the bit", () =>
    Effect.gen(function* () {
      for (const classifier of [head, convolutional, pooled]) {
        const files = Classifier.toFiles(classifier)
        expect(yield* Classifier.fromFiles(files)).toStrictEqual(classifier)
        expect(Classifier.toFiles(yield* Classifier.fromFiles(files))).toStrictEqual(files)
      }
    })
  )

  it.effect("are refused by name when they are cut, edited or poisoned", () =>
    Effect.gen(function* () {
      const files = Classifier.toFiles(head)
      const whatOf = (hostile: Files) =>
        Effect.map(Effect.flip(Classifier.fromFiles(hostile)), (error) => error.message)
      expect(yield* whatOf({ ...files, "weights.bin": files["weights.bin"].subarray(4) })).toContain("weights.bin has")
      const infinite = new Uint8Array(files["weights.bin"])
      new DataView(infinite.buffer).setFloat32(40, Number.POSITIVE_INFINITY, true)
      expect(yield* whatOf({ ...files, "weights.bin": infinite })).toContain("weight 10 is Infinity")
      expect(yield* whatOf({ ...files, "model.json": new Uint8Array([1, 2]) })).toContain("model.json")
      const sideways = edit((model) =>
        Object.assign(model, { weightsManifest: [{ paths: ["../../secret"], weights: [] }] })
      )
      expect(yield* whatOf(sideways)).toContain("describes another network")
      const renamed = edit((model) => Object.assign(model, { userDefinedMetadata: { classes: ["cat"] } }))
      expect(yield* whatOf(renamed)).toContain("classes")
      const narrow = edit(({ userDefinedMetadata }) =>
        Object.assign(userDefinedMetadata as object, { input: [8, 8, 3] })
      )
      expect(yield* whatOf(narrow)).toContain("model.json: Layer 1 (dense) cannot be built")
    })
  )
})

layer(Tensorflow.live)("tf.loadLayersModel", (it) => {
  it.scoped("opens them, with class names, and predicts what the network predicts", () =>
    Effect.gen(function* () {
      const { tf } = yield* Tensorflow
      for (const classifier of [head, convolutional, pooled]) {
        const { network, weights, classes } = classifier
        const folder = mkdtempSync(join(tmpdir(), "classifier-"))
        for (const [name, bytes] of Object.entries(Classifier.toFiles(classifier)))
          writeFileSync(join(folder, name), bytes)
        const model = yield* Effect.promise(() => tf.loadLayersModel(`file://${folder}/model.json`))
        expect(model.layers.map((layer) => layer.name)).toStrictEqual(network.layers.map(({ name }) => name))
        expect(model.getUserDefinedMetadata()).toMatchObject({ classes })
        const inputs = floats(5, 7 * network.input.reduce((a, b) => a * b, 1))
        const predict = yield* Evaluation.predictor(network, weights)
        const ours = yield* predict(inputs)
        const theirs = tf.tidy(() =>
          (
            model.predict(tf.tensor(inputs, [7, ...network.input])) as import("@tensorflow/tfjs-node-gpu").Tensor
          ).dataSync()
        )
        model.dispose()
        expect(ours).toHaveLength(theirs.length)
        theirs.forEach((probability, at) => expect(ours[at]).toBeCloseTo(probability, 5))
      }
    })
  )
})
