import * as path from "node:path"
import h5wasm from "h5wasm/node"
import * as Backbone from "../../images/models/Backbone.ts"
import type { KerasWeights } from "../../images/models/KerasWeights.ts"
import { folder } from "./folder.ts"
import { randomWeights } from "./random-weights.ts"

await h5wasm.ready

/** Writes a weight file as Keras does: a group a layer, in it a group of that name with an array a variable. */
export const writeWeights = (at: string, weights: KerasWeights): void => {
  const file = new h5wasm.File(at, "w")
  const layers = new Map<string, ReturnType<typeof file.create_group>>()
  for (const [name, { shape, data }] of weights) {
    const [layer = "", variable = ""] = name.split("/")
    const group = layers.get(layer) ?? file.create_group(layer).create_group(layer)
    layers.set(layer, group)
    group.create_dataset({ name: `${variable}:0`, data, shape: [...shape] })
  }
  file.close()
}

const written = new Map<Backbone.Name, string>()

/** A file of random weights for a backbone, under the name of Keras' own; written once a test file. */
export const weightFile = (name: Backbone.Name): string => {
  const backbone = Backbone.get(name)
  const file = written.get(name) ?? path.join(folder("headrace-weights"), Backbone.weightsOf(backbone).file)
  if (!written.has(name)) writeWeights(file, randomWeights(backbone))
  written.set(name, file)
  return file
}
