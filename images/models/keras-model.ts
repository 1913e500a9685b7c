import { Context, Effect, Layer, Schema } from "effect"
import { Explained } from "headrace"
import type { Classifier } from "./Classifier.ts"
import { kindOf } from "./Layer.ts"
import * as Network from "./Network.ts"

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

/** The network as a sequential model of Keras 2: the shape of its input lies in a layer of its own, where Keras 3 looks. */
const configOf = ({ layers, input }: Network.Checked) => {
  const shape = { batch_input_shape: [null, ...input], dtype: "float32", sparse: false, ragged: false, name: "input" }
  const placed = layers.map(({ layer, name }) => {
    const { className, config } = kindOf(layer).keras(layer)
    // the zeros that tfjs is told to start from would be those of a copy that somebody trains
    const kept = Object.entries(config).filter(([key]) => !key.endsWith("_initializer"))
    return { class_name: className, config: { name, trainable: true, dtype: "float32", ...Object.fromEntries(kept) } }
  })
  const all = [{ class_name: "InputLayer", config: shape }, ...placed]
  return { class_name: "Sequential", config: { name: "classifier", layers: all } }
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
const write = (h5: Library, module: Awaited<Library["ready"]>, { network, weights }: Classifier): Uint8Array => {
  const path = "/model.h5"
  const file = new h5.File(path, "w")
  try {
    const versions = (object: Group) => {
      object.create_attribute("keras_version", "2.15.0", [], "S")
      object.create_attribute("backend", "tensorflow", [], "S")
    }
    versions(file)
    file.create_attribute("model_config", JSON.stringify(configOf(network)), [], "S")
    const all = file.create_group("model_weights")
    versions(all)
    writeNames(
      all,
      "layer_names",
      network.layers.map(({ name }) => name)
    )
    const arrays = Network.weights(network).map((weight, index) => ({
      ...weight,
      data: weights[index] as Float32Array
    }))
    for (const { name: layer } of network.layers) {
      const own = arrays.filter((array) => array.layer === layer)
      const group = all.create_group(layer)
      writeNames(
        group,
        "weight_names",
        own.map(({ name }) => `${layer}/${name}:0`)
      )
      if (own.length === 0) continue
      const nested = group.create_group(layer)
      for (const { name, shape, data } of own) nested.create_dataset({ name: `${name}:0`, data, shape: [...shape] })
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

/** The classifier as a whole model in the HDF5 layout of Keras 2, which `keras.models.load_model` of Keras 2 and 3 opens. */
export const toHdf5 = (classifier: Classifier): Effect.Effect<Uint8Array, KerasModelUnwritable, Hdf5> =>
  Effect.gen(function* () {
    const h5 = yield* Effect.flatMap(Hdf5, ({ load }) => load)
    const module = yield* Effect.promise(() => h5.ready)
    return yield* Effect.try({
      try: () => {
        // otherwise errors go to stderr, and a file that could not be written looks like any other
        module.activate_throwing_error_handler()
        return write(h5, module, classifier)
      },
      catch: (error) => new KerasModelUnwritable({ what: error instanceof Error ? error.message : String(error) })
    })
  })
