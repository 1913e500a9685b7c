import fs from "node:fs"
import path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Digest from "../../../artifacts/Digest.ts"
import * as Backbone from "../../../images/models/Backbone.ts"
import * as FeatureExtractor from "../../../images/models/FeatureExtractor.ts"
import * as KerasWeights from "../../../images/models/KerasWeights.ts"
import * as KerasWeightFile from "../../../images/models/keras-weight-file.ts"
import * as RandomWeights from "../../../images/models/random-weights.ts"
import { Onnxruntime } from "../../../images/services/Onnxruntime.ts"
import { Tensorflow } from "../../../images/services/Tensorflow.ts"
import { folder } from "../../rig/folder.ts"
import { randomWeights } from "../../rig/random-weights.ts"

const backbone = Backbone.get("random")
const blocks = backbone.blocks()

const reread = (weights: KerasWeights.KerasWeights) => {
  const bytes = KerasWeightFile.encode(weights)
  const at = path.join(folder("weights"), "weights.h5")
  fs.writeFileSync(at, bytes)
  return KerasWeights.read({ path: at, digest: Digest.ofBytes(bytes), label: "weights", notice: null })
}

it("are the bytes that the backbone names, on every machine", () => {
  const weights = Backbone.weightsOf(backbone)
  expect(weights._tag).toBe("Made")
  if (weights._tag === "Made") expect(Digest.ofBytes(weights.make())).toBe(weights.sha256)
})

it.effect("a weight file gives back every array, its name and its shape, of a network of any width", () =>
  Effect.gen(function* () {
    for (const weights of [RandomWeights.make(blocks, 7), randomWeights(Backbone.get("mobilenet_v2_0.5_96"))]) {
      const found = yield* reread(weights)
      expect([...found.keys()].sort()).toEqual([...weights.keys()].sort())
      const differing = [...weights].filter(([name, { shape, data }]) => {
        const other = found.get(name)
        return other?.shape.join() !== shape.join() || other.data.some((value, at) => value !== data[at])
      })
      expect(differing).toEqual([])
    }
  })
)

it("another seed gives other weights of the same shapes", () => {
  const [one, other] = [RandomWeights.make(blocks, 0), RandomWeights.make(blocks, 1)]
  expect([...one].map(([name, { shape }]) => [name, shape])).toEqual(
    [...other].map(([name, { shape }]) => [name, shape])
  )
  expect(KerasWeightFile.encode(one)).not.toEqual(KerasWeightFile.encode(other))
})

/** Mean, over the features, of their standard deviation over images, relative to their mean size. */
const spread = (features: Float32Array, count: number): number => {
  const width = features.length / count
  let [deviation, size] = [0, 0]
  for (let feature = 0; feature < width; feature++) {
    const values = Array.from({ length: count }, (_, image) => features[image * width + feature] ?? 0)
    const mean = values.reduce((sum, value) => sum + value, 0) / count
    deviation += Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count)
    size += mean
  }
  return deviation / size
}

it.layer(Layer.merge(Tensorflow.live, Onnxruntime.live))("the random backbone", (it) => {
  it.scoped("tells images apart; kernels of He's size alone see less than half of the difference", () =>
    Effect.gen(function* () {
      const count = 8
      const cell = backbone.imageSize ** 2 * 3
      const pixels = new Float32Array(count * cell)
      // of each another pattern of squares, in another brightness
      for (let at = 0; at < pixels.length; at++) {
        const [image, x, y] = [Math.floor(at / cell), Math.floor(at / 3) % 96, Math.floor((at % cell) / (96 * 3))]
        const edge = 4 + 3 * image
        pixels[at] = (Math.floor(x / edge) + Math.floor(y / edge)) % 2 === 0 ? 0.2 : 0.4 + image / 16
      }
      const features = (weights: KerasWeights.KerasWeights) =>
        Effect.flatMap(FeatureExtractor.onOnnxruntime(backbone, weights, 1), ({ extract }) => extract(pixels, count))
      const drawn = RandomWeights.make(blocks, 0)
      const plain = new Map(
        [...drawn].map(([name, weight]) => {
          const [height = 1, width = 1, inputs = 1] = weight.shape
          if (!name.endsWith("/kernel")) return [name, weight]
          const limit = Math.sqrt(6 / (height * width * inputs))
          let state = 1
          const uniform = () => {
            state = (Math.imul(state, 1664525) + 1013904223) >>> 0
            return state / 2 ** 31 - 1
          }
          return [name, { ...weight, data: weight.data.map(() => uniform() * limit) }]
        })
      )
      const [ours, others] = [spread(yield* features(drawn), count), spread(yield* features(plain), count)]
      expect(ours).toBeGreaterThan(0.2)
      expect(ours).toBeGreaterThan(2 * others)
    })
  )
})
