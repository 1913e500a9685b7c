import { type Artifact, Bundle } from "headrace"

const layout = { "model.json": "needed", "weights.bin": "needed" } as const

/** A tfjs layers model as its two files: topology with weight specs (UTF-8 JSON), and the weights, little-endian. */
export type Files = Bundle.Files<typeof layout>

export interface LayersModel<Name extends string> extends Artifact.Artifact<Name, Files> {
  readonly kind: "model"
}

export const make = <const Name extends string>(name: Name, version: number): LayersModel<Name> =>
  Bundle.make(name, version, "model", layout)
