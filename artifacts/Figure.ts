import type { Artifact } from "./Artifact.ts"
import * as Bundle from "./Bundle.ts"

/** A figure as its three files: the Vega-Lite specification with its data, the SVG and the PNG drawn from it. */
export type Files = Readonly<Record<"figure.vl.json" | "figure.svg" | "figure.png", Uint8Array>>

export interface Figure<Name extends string> extends Artifact<Name, Files> {
  readonly kind: "figure"
}

export const make = <const Name extends string>(name: Name, version: number): Figure<Name> =>
  Bundle.make(name, version, "figure", ["figure.vl.json", "figure.svg", "figure.png"]) as Figure<Name>
