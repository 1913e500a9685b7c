import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import type { AnyArtifact, Stored } from "../../../artifacts/Artifact.ts"
import * as Explained from "../../../artifacts/Explained.ts"
import { show } from "../../../artifacts/Text.ts"
import { layerMemory, ObjectStore } from "../../../cache/ObjectStore.ts"
import type { Trace } from "../../../cache/Trace.ts"
import { Classifier as Head } from "../../../images/artifacts/Classifier.ts"
import { Curves } from "../../../images/artifacts/Curves.ts"
import * as LayersModel from "../../../images/artifacts/LayersModel.ts"
import * as Classifier from "../../../images/models/Classifier.ts"
import * as Network from "../../../images/models/Network.ts"
import { images } from "../../../images/project.ts"
import { kindOf, withOwn } from "../../../kinds/Kinds.ts"

const found = (output: string, stored: Stored) => ({
  pipeline: "transfer",
  node: "train",
  trace: {} as Trace,
  output,
  stored,
  artifact: null
})
const kinds = withOwn(images.kinds)

const sentence = (explained: Explained.Explained) => show(Explained.sentence(explained))

/** What an export of the value would consist of. */
const exportOf = (artifact: AnyArtifact, value: unknown, output = "model") =>
  Effect.gen(function* () {
    const { put } = yield* ObjectStore
    const stored = yield* artifact.encode(value, put)
    return yield* kindOf(kinds, stored).export(found(output, stored))
  }).pipe(Effect.provide(layerMemory()), Effect.mapError(Explained.explain))

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
      expect(sentence(cut)).toMatch(/^The model is not a classifier: weights.bin has 28 bytes; expected 32\. /)
      const text = new TextDecoder().decode(whole["model.json"]).replace('"weights.bin"', '"../../../secret"')
      const sideways = yield* Effect.flip(exportOf(Head, { ...whole, "model.json": new TextEncoder().encode(text) }))
      expect(sentence(sideways)).toContain("model.json describes another network")
      const other = yield* Effect.flip(exportOf(LayersModel.make("Classifier", 1), whole))
      expect(sentence(other)).toContain("Object")
      expect(sentence(other)).toContain("it is no Classifier@2 or ImageClassifier@1; expected ")
    })
  )

  it.effect("stays in its folder, whatever a foreign trace calls it", () =>
    Effect.gen(function* () {
      const bytes = new Uint8Array(1)
      const figure = { "figure.vl.json": bytes, "figure.svg": bytes, "figure.png": bytes }
      const exported = yield* exportOf(Curves, figure, "../../../curves")
      expect(exported.files.map(({ file }) => file)).toEqual(["curves.vl.json", "curves.svg", "curves.png"])
    })
  )
})
