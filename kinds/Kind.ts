import type { Effect, Stream } from "effect"
import type { AnyArtifact, Stored } from "../artifacts/Artifact.ts"
import type { Digest } from "../artifacts/Digest.ts"
import type { ObjectStore } from "../cache/ObjectStore.ts"
import type { Trace } from "../cache/Trace.ts"
import type * as Basis from "../engine/Kind.ts"
import type { RgbImages } from "./RgbImages.ts"

/** A stored artifact, the node that it is an output of, and the trace that tells where it came from. */
export interface Found {
  readonly pipeline: string
  /** The node's name. The trace may have another: nodes with equal keys share a trace. */
  readonly node: string
  readonly trace: Trace
  readonly output: string
  readonly stored: Stored
  /** The artifact as the project's stages declare it; null where none of them makes it any more. */
  readonly artifact: AnyArtifact | null
}

/** A table as people are shown it. */
export interface TableBlock {
  readonly title?: string
  readonly columns: ReadonlyArray<{ readonly header: string; readonly align?: "left" | "right" }>
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
}

/** One thing that people are shown of an artifact: a line of text, a table, or pictures. */
export type Block =
  | string
  | TableBlock
  /** A PNG, which is written beside the results; `--json` says where, under `name`. */
  | { readonly name: string; readonly title: string; readonly png: Uint8Array }
  /** Images, which terminals draw that can. */
  | { readonly images: RgbImages }

/** What `inspect` shows of an artifact: `blocks` to people, `details` to programs, as JSON. */
export interface Shown {
  readonly blocks: ReadonlyArray<Block>
  readonly details: Readonly<Record<string, unknown>>
}

/** A file in which other programs open an artifact. */
export interface ExportedFile {
  readonly file: string
  readonly bytes: Stream.Stream<Uint8Array, unknown>
}

/** How to open some of the files, as lines of code in one language. */
export interface Way {
  readonly title: string
  readonly language: "js" | "python"
  readonly code: ReadonlyArray<string>
}

/** What a card that describes an artifact begins with; the rest is told by what is kept of its run. */
export interface Card {
  /** Its name in the folder. */
  readonly file: string
  /** What it is a card of, such as `Model card`. */
  readonly title: string
  readonly blocks: ReadonlyArray<string | TableBlock>
}

/** What an export of an artifact consists of. */
export interface Exported {
  readonly files: ReadonlyArray<ExportedFile>
  /** What somebody has to know of the files to use them. */
  readonly notes: ReadonlyArray<string>
  readonly ways: ReadonlyArray<Way>
  /** What `--json` says of the export. */
  readonly details: Readonly<Record<string, unknown>>
  /** Absent where a description of it by its run would be too much. */
  readonly card?: Card
}

/** A file in the folder of a run's results, which is a copy of an object. */
export interface ResultFile {
  readonly file: string
  readonly object: Digest
  readonly bytes: number
}

/**
 * All that is known of the artifacts of one kind beside their codec. A project lists its own in `headrace.config.ts`; they behave like
 * the ready ones everywhere, and one that has the name of a ready kind takes its place.
 */
export interface Kind extends Basis.Kind {
  /** Whether an artifact of it stands for a node's work half-way, as a state does, and is meant only where it is named. */
  readonly isPartial: boolean
  /** The files that people open of a result, by the result's name. */
  readonly files: (result: string, stored: Stored) => ReadonlyArray<ResultFile>
  /** What `inspect` shows of an artifact beside where it came from and where its files lie. */
  readonly inspect: (found: Found) => Effect.Effect<Shown, unknown, ObjectStore>
  /** The SVG that reports show of an artifact; null for a kind that is no picture. */
  readonly drawing: ((stored: Stored) => Effect.Effect<string, unknown, ObjectStore>) | null
  /** What `export` writes of an artifact for other programs. */
  readonly export: (found: Found) => Effect.Effect<Exported, unknown, ObjectStore>
}
