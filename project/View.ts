/**
 * Views: what reports draw in ways of their own. All other artifacts are shown as the tables, figures and values that they are. A project
 * has a list of them.
 *
 * @module
 */
import { Effect } from "effect"
import type { TableArtifact } from "../artifacts/ArrowTable.ts"
import type { AnyArtifact, Artifact, Stored } from "../artifacts/Artifact.ts"
import type { Columns } from "../artifacts/Column.ts"
import type { ObjectStore } from "../cache/ObjectStore.ts"
import { decode } from "../kinds/bytes.ts"
import type { TableBlock } from "../kinds/Kind.ts"

type Named = Pick<AnyArtifact, "name" | "version">

interface Common<A extends Named> {
  readonly artifact: A
  /** Figures that show the same, and that a page leaves out where it has this. */
  readonly insteadOf: ReadonlyArray<Named>
}

/** A view that draws how a training went, a table with a row an epoch, as curves that one can point at. */
export interface Curves extends Common<TableArtifact<string, Columns>> {
  readonly _tag: "Curves"
}

/** A view that tells what chose the epoch of a training that was kept, where the results are and beside the curves. */
export interface Fit extends Common<Named> {
  readonly _tag: "Fit"
}

/** A view that makes a section of the page for each result that is of the artifact. */
export interface Section extends Common<Named> {
  readonly _tag: "Section"
  readonly title: string
  /** What the section has in it, of what is stored. */
  readonly draw: (stored: Stored) => Effect.Effect<ReadonlyArray<Part>, unknown, ObjectStore>
}

/** One way of drawing artifacts in reports. */
export type View = Curves | Fit | Section

/** A picture with what is said of it: the title stands out, the text is for those who cannot see it. */
export interface Picture {
  readonly png: Uint8Array
  readonly title: string
  readonly caption: string
  readonly text: string
}

/** What a section is made of: a paragraph, a table, an SVG drawing under its name, or pictures side by side. */
export type Part =
  | string
  | TableBlock
  | { readonly name: string; readonly svg: string }
  | { readonly pictures: ReadonlyArray<Picture> }

type Measure = "loss" | "accuracy" | "validationLoss" | "validationAccuracy"

/** The columns of a table of epochs: their numbers, counted from 1, and of the measures those that it has. */
export type Epochs = Columns & { readonly epoch: "int32" } & { readonly [M in Measure]?: "float64" }

/**
 * Makes a view that draws tables of epochs as curves.
 *
 * @example
 * const view = View.curves(ArrowTable.make("Course", 1, { epoch: "int32", loss: "float64" }))
 */
export const curves = <C extends Epochs>(
  artifact: TableArtifact<string, C>,
  insteadOf: ReadonlyArray<Named> = []
): View => ({ _tag: "Curves", artifact, insteadOf })

/** What is told of a training: how many rows chose its best epoch, and where they come from. */
export interface Fitted {
  readonly epochs: number
  /** Counted from 1. */
  readonly bestEpoch: number
  readonly validationAccuracy: number
  readonly trainingRows: number
  readonly validationRows: number
  /** Where the rows come from that chose the best epoch. */
  readonly validation: "dataset" | "held-out" | "test"
}

/** Makes a view that tells what chose the best epoch of a training, by documents that say so. */
export const fit = (artifact: Pick<Artifact<string, never, Fitted>, "name" | "version" | "decode">): View => ({
  _tag: "Fit",
  artifact,
  insteadOf: []
})

/**
 * Makes a view that draws each result of an artifact as a section, of what a later stage would be given for it.
 *
 * @example
 * import { Line } from "../stages/fit-line.ts"
 *
 * const view = View.section(Line, {
 *   title: "The line",
 *   draw: ({ slope }) => Effect.succeed([`A square metre costs ${slope.toFixed(2)} more.`])
 * })
 */
export const section = <Out>(
  artifact: Pick<Artifact<string, never, Out>, "name" | "version" | "decode">,
  {
    title,
    draw,
    insteadOf = []
  }: {
    readonly title: string
    readonly draw: (value: Out) => Effect.Effect<ReadonlyArray<Part>, unknown>
    readonly insteadOf?: ReadonlyArray<Named>
  }
): View => ({
  _tag: "Section",
  artifact,
  title,
  draw: (stored) => Effect.flatMap(decode(artifact, stored), draw),
  insteadOf
})
