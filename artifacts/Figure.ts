/**
 * Figures: drawings that people look at. They are results, which reports show and `results/` has as files; a sweep makes none.
 *
 * @module
 */
import type { Artifact } from "./Artifact.ts"
import * as Bundle from "./Bundle.ts"

const layout = { "figure.vl.json": "optional", "figure.svg": "needed", "figure.png": "optional" } as const

/** The files of a figure: an SVG, and perhaps a PNG and the Vega-Lite specification, with its data, of which they were drawn. */
export type Files = Bundle.Files<typeof layout>

/** A figure as stages declare it. */
export interface Figure<Name extends string> extends Artifact<Name, Files> {
  readonly kind: "figure"
}

/**
 * Declares a figure.
 *
 * @example
 * const Curves = Figure.make("Curves", 1)
 * // what a stage with the output { curves: Curves } returns
 * const drawn = (svg: string) => Effect.succeed({ curves: { "figure.svg": new TextEncoder().encode(svg) } })
 */
export const make = <const Name extends string>(name: Name, version: number): Figure<Name> => ({
  ...Bundle.make(name, version, "figure", layout),
  isPicture: true
})

/**
 * What a stage returns for a figure that it draws as SVG itself.
 *
 * @example
 * const drawn = Effect.succeed({ figure: Figure.ofSvg('<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60">…</svg>') })
 */
export const ofSvg = (svg: string): Files => ({ "figure.svg": new TextEncoder().encode(svg) })
