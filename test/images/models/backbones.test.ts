import { readFileSync } from "node:fs"
import { expect, it } from "@effect/vitest"
import { Effect, Layer, type Scope } from "effect"
import * as Backbone from "../../../images/models/Backbone.ts"
import * as FeatureExtractor from "../../../images/models/FeatureExtractor.ts"
import * as KerasWeights from "../../../images/models/KerasWeights.ts"
import { Onnxruntime } from "../../../images/services/Onnxruntime.ts"
import { Tensorflow } from "../../../images/services/Tensorflow.ts"
import { arraysOf, randomWeights } from "../../rig/random-weights.ts"

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/${name}`, import.meta.url))

/** Two images of 32x32, each pixel repeated to the size of a network that takes a multiple of it. */
const pixelsOf = (size: number): Float32Array => {
  const images = fixture("mobilenet-v2/images.u8")
  const pixels = new Float32Array(2 * size * size * 3)
  const times = size / 32
  for (let at = 0; at < pixels.length; at++) {
    const [pixel, channel] = [Math.floor(at / 3), at % 3]
    const [image, y, x] = [Math.floor(pixel / size ** 2), Math.floor(pixel / size) % size, pixel % size]
    const from = (image * 32 + Math.floor(y / times)) * 32 + Math.floor(x / times)
    pixels[at] = (images[from * 3 + channel] ?? Number.NaN) / 255
  }
  return pixels
}

type Make = (
  backbone: Backbone.Backbone,
  weights: KerasWeights.KerasWeights
) => Effect.Effect<FeatureExtractor.FeatureExtractor, unknown, Tensorflow | Onnxruntime | Scope.Scope>
const runtimes: ReadonlyArray<readonly [string, Make]> = [
  ["TensorFlow", FeatureExtractor.onTensorflow],
  ["the ONNX runtime", (backbone, weights) => FeatureExtractor.onOnnxruntime(backbone, weights, 2)]
]

it.layer(Layer.merge(Tensorflow.live, Onnxruntime.live))("backbones", (it) => {
  for (const name of ["mobilenet_v2_0.35_96", "mobilenet_v2_1.4_224"] as const) {
    for (const [runtime, make] of runtimes) {
      it.scoped(`${name} with random weights sees what Keras sees, within a thousandth, on ${runtime}`, () =>
        Effect.gen(function* () {
          const backbone = Backbone.get(name)
          // written by test/fixtures/backbones/keras-backbones.py
          const golden = fixture(`backbones/${name}.f32`)
          expect(golden.length).toBe(2 * backbone.features * 4)
          const { extract } = yield* make(backbone, randomWeights(backbone))
          const features = yield* extract(pixelsOf(backbone.imageSize), 2)
          expect(features.length).toBe(2 * backbone.features)
          const apart = features.map((value, at) => {
            const expected = golden.readFloatLE(at * 4)
            return Math.abs(value - expected) / Math.max(1, Math.abs(expected))
          })
          expect(Math.max(...apart)).toBeLessThan(1e-3)
          // features that say something: the two images differ by more than runtimes do
          const [one, other] = [features.subarray(0, backbone.features), features.subarray(backbone.features)]
          expect(Math.max(...one.map((value, at) => Math.abs(value - (other[at] ?? value))))).toBeGreaterThan(0.5)
        })
      )
    }
  }

  const published = Backbone.names.filter((name) => name !== "random")

  it("have the features and the parameters that Keras' have, at every width and size that it publishes", () => {
    const ours = published.map((name) => {
      const backbone = Backbone.get(name)
      return [name, [backbone.features, arraysOf(backbone).reduce((sum, { size }) => sum + size, 0)]]
    })
    expect(Object.fromEntries(ours)).toEqual(JSON.parse(fixture("backbones/widths.json").toString()))
  })

  it("come from the files that Keras publishes", () => {
    const files = published.map((name) => Backbone.weightsOf(Backbone.get(name)).file)
    expect(files.map((file) => file.replace(/^mobilenet_v2_weights_tf_dim_ordering_tf_kernels_/, ""))).toEqual([
      ...["0.35", "0.5", "0.75", "1.0"].flatMap((alpha) =>
        ["96", "128", "160", "192", "224"].map((size) => `${alpha}_${size}_no_top.h5`)
      ),
      "1.3_224_no_top.h5",
      "1.4_224_no_top.h5"
    ])
  })

  it.scoped("refuse weights of another width, by layer, weight and shape", () =>
    Effect.gen(function* () {
      const narrow = randomWeights(Backbone.get("mobilenet_v2_0.35_96"))
      for (const [, make] of runtimes) {
        const refusal = yield* Effect.flip(make(Backbone.get("mobilenet_v2_0.5_96"), narrow))
        // the first that differs: both begin with 16 channels
        expect(refusal).toEqual(
          new KerasWeights.WeightMisshapen({
            layer: "block_1_project",
            weight: "kernel",
            found: [1, 1, 48, 8],
            expected: [1, 1, 48, 16]
          })
        )
      }
    })
  )
})
