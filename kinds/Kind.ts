import type { Effect, Stream } from "effect"
import type { AnyArtifact, Stored } from "../artifacts/Artifact.ts"
import type { Digest } from "../artifacts/Digest.ts"
import type { ObjectStore } from "../cache/ObjectStore.ts"
import type { Trace } from "../cache/Trace.ts"
import type * as Basis from "../engine/Kind.ts"
import type { RgbImages } from "./RgbImages.ts"

/** An artifact, the node it is an output of, and the trace that tells where it came from. */
export interface Found {
  readonly pipeline: string
  /** Not always the trace's: nodes with equal keys share a trace. */
  readonly node: string
  readonly trace: Trace
  readonly output: string
  readonly stored: Stored
  /** As the project's stages declare it; null where none of them makes it any more. */
  readonly artifact: AnyArtifact | null
}

export interface TableBlock {
  readonly title?: string
  readonly columns: ReadonlyArray<{ readonly header: string; readonly align?: "left" | "right" }>
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
}

/** What people are told of an artifact, one after the other. */
export type Block =
  | string
  | TableBlock
  /** A PNG, which is written beside the results; programs find its place under `name`. */
  | { readonly name: string; readonly title: string; readonly png: Uint8Array }
  /** Images that a terminal draws which can. */
  | { readonly images: RgbImages }

/** What `inspect` tells of an artifact: people as text, tables and pictures, programs as JSON. */
export interface Shown {
  readonly blocks: ReadonlyArray<Block>
  readonly details: Readonly<Record<string, unknown>>
}

/** A file in which other programs open an artifact. */
export interface ExportedFile {
  readonly file: string
  readonly bytes: Stream.Stream<Uint8Array, unknown>
}

/** How to open some of the files, and in which language. */
export interface Way {
  readonly title: string
  readonly language: "js" | "python"
  readonly code: ReadonlyArray<string>
}

/** What an export of an artifact consists of. */
export interface Exported {
  readonly files: ReadonlyArray<ExportedFile>
  /** What somebody has to know of the files to use them. */
  readonly notes: ReadonlyArray<string>
  readonly ways: ReadonlyArray<Way>
  /** The same for programs. */
  readonly details: Readonly<Record<string, unknown>>
}

/** A file in the folder of a run's results: the copy of an object. */
export interface ResultFile {
  readonly file: string
  readonly object: Digest
  readonly bytes: number
}

/**
 * All that is known of the artifacts of one kind beside their codec: a project's own stand in `headrace.config.ts` with the
 * ready ones, and behave like them everywhere. One that has a ready kind's name takes its place.
 */
export interface Kind extends Basis.Kind {
  /** Whether one is meant only where it is named: what stands for a node's work half-way. */
  readonly isPartial: boolean
  /** The files that people open, by the result's name. */
  readonly files: (result: string, stored: Stored) => ReadonlyArray<ResultFile>
  /** What is told of one beside where its files lie. */
  readonly inspect: (found: Found) => Effect.Effect<Shown, unknown, ObjectStore>
  /** Reports show it as this drawing, an SVG; null for a kind that is no picture. */
  readonly drawing: ((stored: Stored) => Effect.Effect<string, unknown, ObjectStore>) | null
  readonly export: (found: Found) => Effect.Effect<Exported, unknown, ObjectStore>
}
