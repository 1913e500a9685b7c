import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { AnyArtifact, Stored } from "../../artifacts/Artifact.ts"
import { layerMemory, ObjectStore } from "../../cache/ObjectStore.ts"
import type { Trace } from "../../cache/Trace.ts"
import { filesToExport } from "../../cli/export-files.ts"
import { Classifier as Head } from "../../images/artifacts/Classifier.ts"
import { Curves } from "../../images/artifacts/Curves.ts"
import * as LayersModel from "../../images/artifacts/LayersModel.ts"
import * as Classifier from "../../images/models/Classifier.ts"
import { Hdf5 } from "../../images/models/keras-model.ts"
import * as Network from "../../images/models/Network.ts"

const found = (output: string, stored: Stored) => ({
  pipeline: "transfer",
  node: "train",
  trace: {} as Trace,
  output,
  stored
})

/** What an export of the value would consist of. */
const exportOf = (artifact: AnyArtifact, value: unknown, output = "model") =>
  Effect.gen(function* () {
    const { put } = yield* ObjectStore
    return yield* filesToExport([], found(output, yield* artifact.encode(value, put)))
  }).pipe(Effect.provide(Layer.merge(layerMemory(), Hdf5.live)))

const files = Effect.gen(function* () {
  const network = yield* Network.check(Network.withEnd([], 2), [3], 2)
  return Classifier.toFiles({ network, weights: Network.initialWeights(network, 0), classes: ["cat", "dog"] })
})

describe("what is exported", () => {
  it.effect("is a model whose every byte was checked: a foreign one is refused by what is wrong with it", () =>
    Effect.gen(function* () {
      const whole = yield* files
      expect((yield* exportOf(Head, whole)).files.map(({ file }) => file)).toEqual([
        "model.json",
        "weights.bin",
        "model.h5",
        "classes.json"
      ])
      const cut = yield* Effect.flip(exportOf(Head, { ...whole, "weights.bin": whole["weights.bin"].subarray(4) }))
      expect(cut.message).toMatch(/^The model is not a classifier: weights.bin has 28 bytes; expected 32\. /)
      const text = new TextDecoder().decode(whole["model.json"]).replace('"weights.bin"', '"../../secret"')
      const sideways = yield* Effect.flip(exportOf(Head, { ...whole, "model.json": new TextEncoder().encode(text) }))
      expect(sideways.message).toContain("model.json describes another network")
      const other = yield* Effect.flip(exportOf(LayersModel.make("Classifier", 1), whole))
      expect(other.message).toContain("Object")
      expect(other.message).toContain("it is no Classifier@2 or ImageClassifier@1; expected ")
    })
  )

  it.effect("stays in its folder, whatever a foreign trace calls it", () =>
    Effect.gen(function* () {
      const bytes = new Uint8Array(1)
      const figure = { "figure.vl.json": bytes, "figure.svg": bytes, "figure.png": bytes }
      const exported = yield* exportOf(Curves, figure, "../../curves")
      expect(exported.files.map(({ file }) => file)).toEqual(["curves.vl.json", "curves.svg", "curves.png"])
    })
  )
})
