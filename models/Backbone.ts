import type * as Catalogue from "../services/Catalogue.ts"
import type { Block, Convolution } from "./Convolution.ts"
import * as MobileNetV2 from "./mobilenet-v2.ts"

/**
 * A frozen ImageNet network that turns an image into features: float32 [imageSize, imageSize, 3] in [0, 1] to float32
 * [features], after global average pooling.
 */
export interface Backbone<N extends string = Name> {
  readonly name: N
  /** What a person calls it. */
  readonly label: string
  /** Edge of the images that it takes, in pixels. */
  readonly imageSize: number
  readonly features: number
  /** The file under which Keras publishes its weights, and that file's folder. */
  readonly weights: { readonly folder: string; readonly file: string }
  /** Its convolutions in sequence, over pixels brought from [0, 1] to [-1, 1]. */
  readonly blocks: () => ReadonlyArray<Block<Convolution>>
}

/** A family is a file; this list is where it joins the others. */
const catalogue = [...MobileNetV2.family]

export type Name = MobileNetV2.Name

export const names: ReadonlyArray<Name> = catalogue.map(({ name }) => name)

/** The names in words. */
export const expected = MobileNetV2.expected

const byName = new Map(catalogue.map((backbone) => [backbone.name, backbone]))

export const get = (name: Name): Backbone => byName.get(name) as Backbone

/** Its weight file as a catalogue of files looks for it. */
export const weightsOf = ({ name, label, weights }: Backbone): Catalogue.KerasWeights => ({ name, label, ...weights })
