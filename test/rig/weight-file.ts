import h5wasm from "h5wasm/node"
import type { KerasWeights } from "../../models/KerasWeights.ts"

/**
 * Writes a weight file as Keras does: a group a layer, in it a group of that name with an array a variable. `h5wasm.ready`
 * must have been awaited.
 */
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
