import { Context, Effect, Layer, Schema } from "effect"
import { Explained } from "headrace"
import type { Classifier } from "./Classifier.ts"
import { kindOf, type Shape } from "./Layer.ts"
import type * as Network from "./Network.ts"
import type { Whole } from "./Whole.ts"
import { functional, wholeLayers } from "./whole-layers.ts"

/** HDF5 refused what it was to write: its memory ran out. */
export class KerasModelUnwritable extends Explained.TaggedError<KerasModelUnwritable>()(
  "KerasModelUnwritable",
  {
    what: Schema.String
  },
  ({ what }) => ({
    what: `The model cannot be written as Keras HDF5: ${what}`,
    expected: "a network whose weights fit twice into 4 GB",
    fix: "Train one with fewer."
  })
) {}

/** What a model of Keras 2 is written as: how it is built, and what each layer has learned. */
interface KerasModel {
  readonly config: object
  readonly layers: ReadonlyArray<{
    readonly name: string
    readonly weights: ReadonlyArray<{ readonly name: string; readonly shape: Shape; readonly data: Float32Array }>
  }>
}

/** The zeros that tfjs is told to start from would be those of a copy that somebody trains. */
const withoutZeros = (config: object) =>
  Object.fromEntries(Object.entries(config).filter(([key]) => !key.endsWith("_initializer")))

/** The network as a sequential model of Keras 2: the shape of its input lies in a layer of its own, where Keras 3 looks. */
const configOf = ({ layers, input }: Network.Checked) => {
  const shape = { batch_input_shape: [null, ...input], dtype: "float32", sparse: false, ragged: false, name: "input" }
  const placed = layers.map(({ layer, name }) => {
    const { className, config } = kindOf(layer).keras(layer)
    return { class_name: className, config: { name, trainable: true, dtype: "float32", ...withoutZeros(config) } }
  })
  const all = [{ class_name: "InputLayer", config: shape }, ...placed]
  return { class_name: "Sequential", config: { name: "classifier", layers: all } }
}

/** The layers with their numbers, of which `weights` has one array after the other. */
const filled = (
  layers: ReadonlyArray<{
    readonly name: string
    readonly weights: ReadonlyArray<{ readonly name: string; readonly shape: Shape }>
  }>,
  weights: ReadonlyArray<Float32Array>
): KerasModel["layers"] => {
  let at = 0
  return layers.map((layer) => ({
    name: layer.name,
    weights: layer.weights.map(({ name, shape }) => ({ name, shape, data: weights[at++] as Float32Array }))
  }))
}

type Library = typeof import("h5wasm")
type Group = import("h5wasm").Group

/** The HDF5 library, loaded by whoever needs it first. It is an ES module only: the command, a script, asks its launcher. */
export class Hdf5 extends Context.Tag("headrace/Hdf5")<Hdf5, { readonly load: Effect.Effect<Library> }>() {
  static readonly live: Layer.Layer<Hdf5> = Layer.succeed(this, { load: Effect.promise(() => import("h5wasm")) })
}

/** An object's attributes take 64 KiB at most; Keras breaks its lists of names at this many bytes. */
const MOST_BYTES = 64512

/** A list of names as Keras writes and reads it: ASCII of one length, in several attributes where one can't hold them. */
const writeNames = (object: Group, attribute: string, names: ReadonlyArray<string>) => {
  if (names.length === 0) return object.create_attribute(attribute, [], [0], "<f8")
  // HDF5 keeps the last byte for itself
  const length = 1 + Math.max(...names.map((name) => name.length))
  const most = Math.floor(MOST_BYTES / length)
  for (let start = 0; start < names.length; start += most) {
    const some = names.slice(start, start + most)
    object.create_attribute(
      names.length > most ? `${attribute}${start / most}` : attribute,
      some,
      [some.length],
      `A${length}`
    )
  }
}

/** Throws on whatever HDF5 refuses. */
const write = (h5: Library, module: Awaited<Library["ready"]>, { config, layers }: KerasModel): Uint8Array => {
  const path = "/model.h5"
  const file = new h5.File(path, "w")
  try {
    const versions = (object: Group) => {
      object.create_attribute("keras_version", "2.15.0", [], "S")
      object.create_attribute("backend", "tensorflow", [], "S")
    }
    versions(file)
    file.create_attribute("model_config", JSON.stringify(config), [], "S")
    const all = file.create_group("model_weights")
    versions(all)
    writeNames(
      all,
      "layer_names",
      layers.map(({ name }) => name)
    )
    for (const { name: layer, weights } of layers) {
      const group = all.create_group(layer)
      writeNames(
        group,
        "weight_names",
        weights.map(({ name }) => `${layer}/${name}:0`)
      )
      if (weights.length === 0) continue
      const nested = group.create_group(layer)
      for (const { name, shape, data } of weights) nested.create_dataset({ name: `${name}:0`, data, shape: [...shape] })
    }
    file.flush()
  } finally {
    file.close()
  }
  try {
    return module.FS.readFile(path)
  } finally {
    module.FS.unlink(path)
  }
}

const encoded = (model: KerasModel): Effect.Effect<Uint8Array, KerasModelUnwritable, Hdf5> =>
  Effect.gen(function* () {
    const h5 = yield* Effect.flatMap(Hdf5, ({ load }) => load)
    const module = yield* Effect.promise(() => h5.ready)
    return yield* Effect.try({
      try: () => {
        // otherwise errors go to stderr, and a file that could not be written looks like any other
        module.activate_throwing_error_handler()
        return write(h5, module, model)
      },
      catch: (error) => new KerasModelUnwritable({ what: error instanceof Error ? error.message : String(error) })
    })
  })

/** The classifier as a complete model in the HDF5 layout of Keras 2, which `keras.models.load_model` of Keras 2 and 3 opens. */
export const toHdf5 = ({ network, weights }: Classifier): Effect.Effect<Uint8Array, KerasModelUnwritable, Hdf5> =>
  encoded({ config: configOf(network), layers: filled(network.layers, weights) })

/** The same of a whole model, which Keras 3 opens. */
export const wholeToHdf5 = (whole: Whole): Effect.Effect<Uint8Array, KerasModelUnwritable, Hdf5> => {
  const layers = wholeLayers(whole)
  const { class_name, config } = functional(whole, layers, (layer) => withoutZeros(layer.config))
  // as one tensor, where a list of one would have whoever calls the model give and get lists
  const one = { input_layers: config.input_layers[0], output_layers: config.output_layers[0] }
  return encoded({ config: { class_name, config: { ...config, ...one } }, layers: filled(layers, whole.weights) })
}
