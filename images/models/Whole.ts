/**
 * A frozen network and the classifier trained behind it as one model, or a classifier of images by itself, with what is done
 * to pixels before: pixels in, probabilities out. And the files that it is stored as.
 *
 * @module
 */
import { Effect, Schema } from "effect"
import { Explained } from "headrace"
import { BoundedJson } from "headrace/files"
import type { Files } from "../artifacts/LayersModel.ts"
import * as Backbone from "./Backbone.ts"
import type { Classifier } from "./Classifier.ts"
import type { FoldedNetwork } from "./folded-layers.ts"
import * as LayersModel from "./layers-model.ts"
import * as Network from "./Network.ts"
import { resizeMatrix } from "./resize-matrix.ts"
import { functional, type Parts, wholeLayers } from "./whole-layers.ts"

/** From uint8 or float32 pixels [batch, height, width, 3], RGB from 0 to 255, to probabilities [batch, classes]. */
export interface Whole extends Parts {
  readonly classes: ReadonlyArray<string>
  /** In the order of the layers, and in each of `weights`. */
  readonly weights: ReadonlyArray<Float32Array>
}

/** The head takes something else than the network before it gives. */
export class PartsDiffer extends Explained.TaggedError<PartsDiffer>()(
  "PartsDiffer",
  { what: Schema.String, expected: Schema.String },
  ({ what, expected }) => ({
    what: `The parts do not make one model: ${what}`,
    expected,
    fix: "Give it the backbone, the images and the classifier of one run."
  })
) {}

/** A frozen network with its weights, by the name that says how it is built. */
export interface Extractor {
  readonly name: Backbone.Name
  readonly network: FoldedNetwork
}

/** One model of a classifier and what it was trained behind, for images of this size. */
export const make = (
  { network, weights, classes }: Classifier,
  image: Parts["image"],
  extractor: Extractor | null
): Effect.Effect<Whole, PartsDiffer> => {
  const [height, width] = image
  if (extractor === null) {
    const expected = [height, width, 3].join(", ")
    return network.input.join(", ") === expected
      ? Effect.succeed({ image, backbone: null, network, classes, weights })
      : new PartsDiffer({ what: `the classifier takes [${network.input.join(", ")}]`, expected: `[${expected}]` })
  }
  const { imageSize, features } = Backbone.get(extractor.name)
  if (network.input.join(", ") !== String(features))
    return new PartsDiffer({
      what: `${extractor.name} gives ${features} features, the classifier takes [${network.input.join(", ")}]`,
      expected: "as many as it was trained on"
    })
  const isResized = height !== imageSize || width !== imageSize
  return Effect.succeed({
    image,
    backbone: extractor.name,
    network,
    classes,
    weights: [
      ...(isResized ? [resizeMatrix(height, imageSize), resizeMatrix(width, imageSize)] : []),
      ...extractor.network.flatMap(({ convolutions }) => convolutions.flatMap(({ values, bias }) => [values, bias])),
      ...weights
    ]
  })
}

const modelJson = (parts: Parts, classes: ReadonlyArray<string>): Uint8Array => {
  const layers = wholeLayers(parts)
  const weights = layers.flatMap((layer) => layer.weights.map((weight) => ({ ...weight, layer: layer.name })))
  return LayersModel.describe(
    functional(parts, layers, ({ config }) => config),
    weights,
    {
      classes,
      image: parts.image,
      backbone: parts.backbone,
      network: parts.network.network
    }
  )
}

/** The model as files that `tf.loadLayersModel` opens; equal models are equal bytes. */
export const toFiles = (whole: Whole): Files => ({
  "model.json": modelJson(whole, whole.classes),
  "weights.bin": LayersModel.joined(whole.weights)
})

const Edge = Schema.Int.pipe(Schema.between(1, 2 ** 16))

/** What `fromFiles` takes from model.json; the rest of it must then be what `toFiles` writes for these. */
const Described = BoundedJson.schema(
  Schema.Struct({
    userDefinedMetadata: Schema.Struct({
      classes: Schema.Array(Schema.String).pipe(Schema.minItems(2)),
      image: Schema.Tuple(Edge, Edge),
      backbone: Schema.NullOr(Schema.Literal(...Backbone.names)),
      network: Network.Network
    })
  })
)

const unreadable = (what: string, expected: string) => new LayersModel.ModelUnreadable({ what, expected })

/** The model that `toFiles` wrote. The files may be anyone's: every byte of model.json and every weight is checked. */
export const fromFiles = (files: Files): Effect.Effect<Whole, LayersModel.ModelUnreadable> =>
  Effect.gen(function* () {
    const json = files["model.json"]
    const { classes, image, backbone, ...described } = yield* Schema.decodeUnknown(Described)(
      new TextDecoder().decode(json)
    ).pipe(
      Effect.map(({ userDefinedMetadata }) => userDefinedMetadata),
      Effect.mapError((error) => unreadable(`model.json: ${error.message}`, "a whole model of known layers"))
    )
    const input = backbone === null ? [...image, 3] : [Backbone.get(backbone).features]
    const network = yield* Effect.mapError(Network.check(described.network, input, classes.length), ({ message }) =>
      unreadable(`model.json: ${message}`, "a network that can be built")
    )
    const parts = { image, backbone, network }
    if (Buffer.compare(json, modelJson(parts, classes)) !== 0)
      return yield* unreadable(
        "model.json describes another network",
        "what its own description makes, and nothing else"
      )
    const shapes = wholeLayers(parts).flatMap((layer) => layer.weights.map(({ shape }) => shape))
    const weights = yield* LayersModel.parted(files["weights.bin"], shapes)
    return { ...parts, classes, weights }
  })
