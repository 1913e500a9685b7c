import { expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Backbone from "../../images/models/Backbone.ts"
import * as FeatureExtractor from "../../images/models/FeatureExtractor.ts"
import * as KerasWeights from "../../images/models/KerasWeights.ts"
import { Onnxruntime } from "../../images/services/Onnxruntime.ts"
import { Tensorflow } from "../../images/services/Tensorflow.ts"
import { dataFiles } from "../rig/data-files.ts"
import { fixture, goldenPixels, largestDifference } from "../rig/golden.ts"
import { localFile } from "../rig/local-file.ts"
import { describeWith } from "../rig/needs.ts"

const network = Backbone.get("mobilenet_v2_1.0_224")
const onTensorflow = (weights: KerasWeights.KerasWeights) => FeatureExtractor.onTensorflow(network, weights)
const onOnnxruntime = (weights: KerasWeights.KerasWeights) => FeatureExtractor.onOnnxruntime(network, weights, 2)

describeWith(["MobileNetV2 weights"], "MobileNetV2 with ImageNet's weights", () => {
  it.effect("reads every array of Keras' file under its layer", () =>
    Effect.gen(function* () {
      const weights = yield* KerasWeights.read(localFile(dataFiles.weights))
      expect(weights.size).toBe(260)
      expect(weights.get("Conv1/kernel")?.shape).toEqual([3, 3, 3, 32])
      const gamma = yield* KerasWeights.find(weights, "bn_Conv1", "gamma", [32])
      expect(gamma.length).toBe(32)
    })
  )

  it.layer(Layer.merge(Tensorflow.live, Onnxruntime.live))((it) => {
    for (const [runtime, make] of [
      ["TensorFlow", onTensorflow],
      ["the ONNX runtime", onOnnxruntime]
    ] as const) {
      it.scoped(`sees in four images what Keras sees, within 1e-4, on ${runtime}`, () =>
        Effect.gen(function* () {
          const { extract } = yield* make(yield* KerasWeights.read(localFile(dataFiles.weights)))
          const features = yield* extract(yield* goldenPixels, 4)
          // written by bench/peers/keras-features.py
          const golden = yield* fixture("features.f32")
          expect(features.length * 4).toBe(golden.length)
          const expected = Float32Array.from(features, (_, index) => golden.readFloatLE(index * 4))
          expect(largestDifference(features, expected)).toBeLessThan(1e-4)
        })
      )
    }
  })
})
