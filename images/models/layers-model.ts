/**
 * The files of a layers model of TensorFlow.js: its description, and the weights that stand in it one after the other.
 *
 * @module
 */
import { Effect, Schema } from "effect"
import { Explained } from "headrace"
import type { Shape } from "./Layer.ts"
import * as Network from "./Network.ts"

/** Model files that are not a classifier as it is written here. */
export class ModelUnreadable extends Explained.TaggedError<ModelUnreadable>()(
  "ModelUnreadable",
  {
    what: Schema.String,
    expected: Schema.String
  },
  ({ what, expected }) => ({
    what: `The model is not a classifier: ${what}`,
    expected,
    fix: "Train it again with this version."
  })
) {}

/** An array of weights, by its layer and its name in that. */
export interface WeightSpec {
  readonly layer: string
  readonly name: string
  readonly shape: Shape
}

/** The bytes of `model.json`: the layers as Keras configures them, the weights in their order, and what `fromFiles` reads of it. */
export const describe = (topology: object, weights: ReadonlyArray<WeightSpec>, metadata: object): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify({
      format: "layers-model",
      generatedBy: "headrace",
      convertedBy: null,
      modelTopology: { ...topology, keras_version: "tfjs-layers 4.22.0", backend: "tensor_flow.js" },
      weightsManifest: [
        {
          paths: ["weights.bin"],
          weights: weights.map(({ layer, name, shape }) => ({ name: `${layer}/${name}`, shape, dtype: "float32" }))
        }
      ],
      userDefinedMetadata: metadata
    })
  )

/** The bytes of `weights.bin`. */
export const joined = (weights: ReadonlyArray<Float32Array>): Uint8Array =>
  Buffer.concat(weights.map((array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)))

/** The arrays of these shapes that `weights.bin` holds. It may be anyone's: fails where it is of another length, or a weight is not finite. */
export const parted = (
  bytes: Uint8Array,
  shapes: ReadonlyArray<Shape>
): Effect.Effect<ReadonlyArray<Float32Array>, ModelUnreadable> =>
  Effect.gen(function* () {
    const sizes = shapes.map(Network.sizeOf)
    const length = 4 * sizes.reduce((sum, size) => sum + size, 0)
    if (bytes.length !== length)
      return yield* new ModelUnreadable({ what: `weights.bin has ${bytes.length} bytes`, expected: `${length}` })
    const floats = new Float32Array(new Uint8Array(bytes).buffer)
    const broken = floats.findIndex((value) => !Number.isFinite(value))
    if (broken >= 0)
      return yield* new ModelUnreadable({ what: `weight ${broken} is ${floats[broken]}`, expected: "finite weights" })
    let end = 0
    return sizes.map((size) => {
      end += size
      return floats.subarray(end - size, end)
    })
  })
