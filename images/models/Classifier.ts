/**
 * A trained classifier, and the files that it is stored as.
 *
 * @module
 */
import { Effect, Schema } from "effect"
import { BoundedJson } from "headrace/files"
import type { Files } from "../artifacts/LayersModel.ts"
import { kindOf } from "./Layer.ts"
import * as LayersModel from "./layers-model.ts"
import * as Network from "./Network.ts"

/** A trained network that can be stored: its arrays in the order of `Network.weights`, and the names of its classes. */
export interface Classifier {
  readonly network: Network.Checked
  readonly weights: ReadonlyArray<Float32Array>
  readonly classes: ReadonlyArray<string>
}

const modelJson = (network: Network.Checked, classes: ReadonlyArray<string>): Uint8Array => {
  const layers = network.layers.map(({ layer, name }, index) => {
    const { className, config } = kindOf(layer).keras(layer)
    const first = index === 0 ? { batch_input_shape: [null, ...network.input] } : {}
    return { class_name: className, config: { ...first, name, trainable: true, dtype: "float32", ...config } }
  })
  return LayersModel.describe(
    { class_name: "Sequential", config: { name: "classifier", layers } },
    Network.weights(network),
    { classes, input: network.input, network: network.network }
  )
}

/** The classifier as files that `tf.loadLayersModel` opens; equal classifiers are equal bytes. */
export const toFiles = ({ network, weights, classes }: Classifier): Files => ({
  "model.json": modelJson(network, classes),
  "weights.bin": LayersModel.joined(weights)
})

/** What `fromFiles` takes from model.json; the rest of it must then be what `toFiles` writes for these. */
const Described = BoundedJson.schema(
  Schema.Struct({
    userDefinedMetadata: Schema.Struct({
      classes: Schema.Array(Schema.String).pipe(Schema.minItems(2)),
      input: Schema.Array(Schema.Int.pipe(Schema.between(1, 2 ** 24))).pipe(Schema.maxItems(3)),
      network: Network.Network
    })
  })
)

/** The classifier that `toFiles` wrote. The files may be anyone's: every byte of model.json and every weight is checked. */
export const fromFiles = (files: Files): Effect.Effect<Classifier, LayersModel.ModelUnreadable> =>
  Effect.gen(function* () {
    const json = files["model.json"]
    const described = yield* Schema.decodeUnknown(Described)(new TextDecoder().decode(json)).pipe(
      Effect.mapError(
        (error) =>
          new LayersModel.ModelUnreadable({
            what: `model.json: ${error.message}`,
            expected: "a network of known layers"
          })
      )
    )
    const { classes, input, network: layers } = described.userDefinedMetadata
    const network = yield* Effect.mapError(
      Network.check(layers, input, classes.length),
      ({ message }) =>
        new LayersModel.ModelUnreadable({ what: `model.json: ${message}`, expected: "a network that can be built" })
    )
    if (Buffer.compare(json, modelJson(network, classes)) !== 0) {
      const expected = `${layers.map(({ kind }) => kind).join(", ")} with their weights, and nothing else`
      return yield* new LayersModel.ModelUnreadable({ what: "model.json describes another network", expected })
    }
    const shapes = Network.weights(network).map(({ shape }) => shape)
    const weights = yield* LayersModel.parted(files["weights.bin"], shapes)
    return { network, weights, classes }
  })
