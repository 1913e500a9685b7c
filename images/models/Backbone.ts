/**
 * The frozen networks that features are extracted with, by their names.
 *
 * @module
 */
import type * as Catalogue from "../services/Catalogue.ts"
import type { Block, Convolution } from "./Convolution.ts"
import * as MobileNetV2 from "./mobilenet-v2.ts"

type Unnamed<W> = W extends unknown ? Omit<W, "name" | "label"> : never

/** Where its weights come from: the file and folder under which Keras publishes them, or how the project makes them. */
export type WeightFile = Unnamed<Catalogue.Weights>

/**
 * A frozen network that turns an image into features: float32 [imageSize, imageSize, 3] in [0, 1] to float32
 * [features], after global average pooling.
 */
export interface Backbone<N extends string = Name> {
  readonly name: N
  /** What a person calls it. */
  readonly label: string
  /** Edge of the images that it takes, in pixels. */
  readonly imageSize: number
  readonly features: number
  readonly weights: WeightFile
  /** Its convolutions in sequence, over pixels brought from [0, 1] to [-1, 1]. */
  readonly blocks: () => ReadonlyArray<Block<Convolution>>
}

/** A family is a file; this list is where it joins the others. */
const catalogue = [...MobileNetV2.family]

/** The name of a network that the parameter `backbone` may have. */
export type Name = MobileNetV2.Name

/** All names, in the order in which they are told. */
export const names: ReadonlyArray<Name> = catalogue.map(({ name }) => name)

/** The names in words. */
export const expected = MobileNetV2.expected

const byName = new Map(catalogue.map((backbone) => [backbone.name, backbone]))

/** The network of a name. */
export const get = (name: Name): Backbone => byName.get(name) as Backbone

/** Its weight file as a catalogue of files looks for it. */
export const weightsOf = ({ name, label, weights }: Backbone): Catalogue.Weights => ({ name, label, ...weights })
