/**
 * Models as the layers models of TensorFlow.js, of which classifiers of features and of images are two.
 *
 * @module
 */
import { type Artifact, Bundle } from "headrace"

const layout = { "model.json": "needed", "weights.bin": "needed" } as const

/** A tfjs layers model as its two files: topology with weight specs (UTF-8 JSON), and the weights, little-endian. */
export type Files = Bundle.Files<typeof layout>

/** An artifact whose value is the two files of a layers model. */
export interface LayersModel<Name extends string> extends Artifact.Artifact<Name, Files> {
  readonly kind: "model"
}

/** Declares an artifact of the kind `model`, such as a model that is fed otherwise than the ready ones. */
export const make = <const Name extends string>(name: Name, version: number): LayersModel<Name> =>
  Bundle.make(name, version, "model", layout)
