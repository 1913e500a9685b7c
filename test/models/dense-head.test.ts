import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import type { Files } from "../../artifacts/LayersModel.ts"
import * as DenseHead from "../../models/DenseHead.ts"
import * as Evaluation from "../../models/Evaluation.ts"
import * as Random from "../../models/Random.ts"
import { Tensorflow } from "../../services/Tensorflow.ts"

const floats = (step: number, count: number) =>
  Random.uniform({ seed: 3, purpose: "hiddenKernel", epoch: 0, step }, count, 0.5)

const head: DenseHead.DenseHead = {
  weights: {
    units: 5,
    classes: 3,
    hiddenKernel: floats(1, 1280 * 5),
    hiddenBias: floats(2, 5),
    classesKernel: floats(3, 15),
    classesBias: floats(4, 3)
  },
  classes: ["cat", "dog", "über"],
  dropout: 0.25
}

const edit = (change: (model: Record<string, unknown>) => void) => {
  const files = DenseHead.toFiles(head)
  const model = JSON.parse(new TextDecoder().decode(files["model.json"]))
  change(model)
  return { ...files, "model.json": new TextEncoder().encode(JSON.stringify(model)) }
}

describe("the files of a dense head", () => {
  it.effect("give the head back, every weight to the bit", () =>
    Effect.gen(function* () {
      const files = DenseHead.toFiles(head)
      expect(yield* DenseHead.fromFiles(files)).toStrictEqual(head)
      expect(DenseHead.toFiles(yield* DenseHead.fromFiles(files))).toStrictEqual(files)
    })
  )

  it.effect("are refused by name when they are cut, edited or poisoned", () =>
    Effect.gen(function* () {
      const files = DenseHead.toFiles(head)
      const whatOf = (hostile: Files) => Effect.map(Effect.flip(DenseHead.fromFiles(hostile)), (error) => error.message)
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
    })
  )
})

layer(Tensorflow.live)("tf.loadLayersModel", (it) => {
  it.scoped("opens them, with class names, and predicts what the head predicts", () =>
    Effect.gen(function* () {
      const { tf } = yield* Tensorflow
      const folder = mkdtempSync(join(tmpdir(), "dense-head-"))
      for (const [name, bytes] of Object.entries(DenseHead.toFiles(head))) writeFileSync(join(folder, name), bytes)
      const model = yield* Effect.promise(() => tf.loadLayersModel(`file://${folder}/model.json`))
      expect(model.layers.map((layer) => layer.name)).toStrictEqual(["hidden", "dropout", "classes"])
      expect(model.getUserDefinedMetadata()).toStrictEqual({ classes: head.classes })
      const features = floats(5, 1280 * 7)
      const predict = yield* Evaluation.predictor(head.weights)
      const ours = yield* predict(features)
      const theirs = tf.tidy(() =>
        (model.predict(tf.tensor2d(features, [7, 1280])) as import("@tensorflow/tfjs-node-gpu").Tensor).dataSync()
      )
      model.dispose()
      theirs.forEach((probability, at) => expect(ours[at]).toBeCloseTo(probability, 6))
    })
  )
})
