import { Effect } from "effect"
import * as Random from "../../api/random.ts"
import * as Backbone from "../../images/models/Backbone.ts"
import * as Evaluation from "../../images/models/Evaluation.ts"
import * as FeatureExtractor from "../../images/models/FeatureExtractor.ts"
import { folded } from "../../images/models/folded-layers.ts"
import * as Network from "../../images/models/Network.ts"
import * as RandomWeights from "../../images/models/random-weights.ts"
import { resizeBilinear } from "../../images/models/resize-bilinear.ts"
import * as Whole from "../../images/models/Whole.ts"
import { Tensorflow } from "../../images/services/Tensorflow.ts"

export const CLASSES = ["cat", "dog", "frog", "horse", "ship"]

const floats = (step: number, count: number, limit: number) =>
  Random.uniform({ seed: 5, purpose: "weights", epoch: 0, step }, count, limit)

/** Patches of colours with noise over them: images that are unlike each other, by their number. */
export const photos = (count: number, [height, width]: readonly [number, number]): Uint8Array => {
  const patches = floats(1, count * 4 * 4 * 3, 1)
  const noise = floats(2, count * height * width * 3, 40)
  return Uint8Array.from(noise, (value, at) => {
    const [channel, x, y] = [at % 3, Math.floor(at / 3) % width, Math.floor(at / 3 / width) % height]
    const image = Math.floor(at / 3 / width / height)
    const patch = (Math.floor((y * 4) / height) * 4 + Math.floor((x * 4) / width)) * 3 + channel
    return Math.max(0, Math.min(255, Math.round(128 + 110 * (patches[image * 48 + patch] ?? 0) + value)))
  })
}

/** A classifier that nobody trained, whose weights make probabilities that are far from each other. */
export const classifierOf = (layers: Network.Network, input: ReadonlyArray<number>, gain: number) =>
  Effect.map(Network.check(Network.withEnd(layers, CLASSES.length), input, CLASSES.length), (network) => {
    const drawn = Network.initialWeights(network, 1)
    const weights = Network.weights(network).map(({ name, size }, at) =>
      name === "bias" ? floats(at, size, 0.5) : (drawn[at] ?? new Float32Array()).map((value) => value * gain)
    )
    return { network, weights, classes: CLASSES }
  })

const inUnit = (images: Uint8Array) => Float32Array.from(images, (value) => value / 255)

/** A backbone and a head as one model, and what the stages of a pipeline make of images by the same two. */
export const behindBackbone = (name: Backbone.Name, image: readonly [number, number], layers: Network.Network) =>
  Effect.gen(function* () {
    const backbone = Backbone.get(name)
    const { blocks, features, imageSize } = backbone
    const weights = RandomWeights.make(blocks(), 3)
    const head = yield* classifierOf(layers, [features], 1.5)
    const whole = yield* Whole.make(head, image, { name, network: yield* folded(blocks(), weights) })
    const { tf } = yield* Tensorflow
    const { extract } = yield* FeatureExtractor.onTensorflow(backbone, weights)
    const predict = yield* Evaluation.predictor(head.network, head.weights)
    const expected = (images: Uint8Array) => {
      const rows = images.length / (image[0] * image[1] * 3)
      return Effect.flatMap(extract(resizeBilinear(tf, inUnit(images), rows, image, imageSize), rows), predict)
    }
    return { whole, expected }
  })

/** A classifier of images by itself. */
export const onImages = (image: readonly [number, number], layers: Network.Network) =>
  Effect.gen(function* () {
    const classifier = yield* classifierOf(layers, [...image, 3], 1.5)
    const whole = yield* Whole.make(classifier, image, null)
    const predict = yield* Evaluation.predictor(classifier.network, classifier.weights)
    return { whole, expected: (images: Uint8Array) => predict(inUnit(images)) }
  })
