import type { Artifact } from "./Artifact.ts"
import * as Bundle from "./Bundle.ts"

const layout = { "figure.vl.json": "optional", "figure.svg": "needed", "figure.png": "optional" } as const

/** A figure as its files: the SVG, and where it was made of one, the Vega-Lite specification with its data, and a PNG. */
export type Files = Bundle.Files<typeof layout>

export interface Figure<Name extends string> extends Artifact<Name, Files> {
  readonly kind: "figure"
}

export const make = <const Name extends string>(name: Name, version: number): Figure<Name> => ({
  ...Bundle.make(name, version, "figure", layout),
  isPicture: true
})

/**
 * What a stage returns for a figure that it draws as SVG itself.
 *
 * @example
 * Effect.succeed({ figure: Figure.ofSvg('<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60">…</svg>') })
 */
export const ofSvg = (svg: string): Files => ({ "figure.svg": new TextEncoder().encode(svg) })
