/**
 * What every artifact has, whatever its kind: a nominal name, a version, and a codec between a value and the bytes that are stored.
 * Stages seldom need this module: they make artifacts by {@link ArrowTable}, {@link Document}, {@link Figure}, {@link Files},
 * {@link Checkpoint} or {@link Bundle}.
 *
 * @module
 */
import { type Effect, Schema } from "effect"
import { Digest } from "./Digest.ts"
import * as Explained from "./Explained.ts"
import type { Verified } from "./Verified.ts"

/** What the name of a kind looks like, such as `table`, `figure` or one of a project's own. */
export const KIND_NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/

/**
 * What the name of a part looks like: that of a file in one folder. Results are written under it, and the trace that says it may
 * come from elsewhere, so that no path is let through.
 */
export const PART_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/

/** One object of an artifact: a chunk of a table, the weights of a model, the PNG of a figure. */
export const StoredPart = Schema.Struct({
  name: Schema.String.pipe(Schema.pattern(PART_NAME)),
  object: Digest,
  bytes: Schema.Int,
  /** Rows of a table's chunk; null for everything else. */
  rows: Schema.NullOr(Schema.Int),
  /** Digest of what the part says: differs from `object` where one content has several encodings. */
  content: Digest
})
/** One object of an artifact, as a trace names it. */
export type StoredPart = typeof StoredPart.Type

/** An artifact as a trace remembers it: enough to use it, by digest alone. */
export const Stored = Schema.Struct({
  artifact: Schema.String,
  kind: Schema.String.pipe(Schema.pattern(KIND_NAME)),
  content: Digest,
  rows: Schema.NullOr(Schema.Int),
  bytes: Schema.Int,
  parts: Schema.Array(StoredPart),
  /** What the codec needs to decode beside the parts: a table's column shapes and metadata. */
  header: Schema.Unknown
})
/** An artifact as a trace remembers it. */
export type Stored = typeof Stored.Type

/** A value that its own codec refuses: the stage returned something else than it declared. */
export class ArtifactInvalid extends Explained.TaggedError<ArtifactInvalid>()(
  "ArtifactInvalid",
  {
    artifact: Schema.String,
    what: Schema.String,
    expected: Schema.String
  },
  ({ artifact, what, expected }) => ({
    what: `${artifact}: ${what}`,
    expected,
    fix: "Correct the stage that makes it."
  })
) {}

/**
 * Bytes with the right digest that still do not decode, or are of another content than their trace says: written by another version, or by
 * a bug. A run that comes across one computes its node again (`engine/Failure.ts`); who only reads has it computed.
 */
export class ArtifactUnreadable extends Explained.TaggedError<ArtifactUnreadable>()(
  "ArtifactUnreadable",
  {
    artifact: Schema.String,
    object: Digest,
    what: Schema.String
  },
  ({ object, artifact, what }) => ({
    what: `Object ${object} of ${artifact} cannot be decoded: ${what}`,
    expected: "what this version of the project writes",
    fix: "Run its pipeline with --again and the node that makes it: what that makes now takes its place."
  })
) {}

/** Keeps bytes and gives the digest that they are found by: what an encoder is given. */
export type Write<E> = (bytes: Uint8Array) => Effect.Effect<Digest, E>
/** Gives the bytes of a part, which were hashed since they were read: what a decoder is given. */
export type Read<E> = (part: StoredPart) => Effect.Effect<Verified, E>

/**
 * A kind of value that a stage produces: a nominal type and its codec. It knows bytes, and nothing of stages.
 * `In` is what a stage returns, `Out` what a later stage is given; they differ for tables, which are streams.
 */
export interface Artifact<Name extends string, In, Out = In> {
  /** What people read of it; with the version, what keys hold of it. */
  readonly name: Name
  /** Part of every key: raise it when the meaning of the value changes. */
  readonly version: number
  /** What is known of it beside its codec: how it is shown, drawn and exported, is the kind's (`kinds/Kind.ts`). */
  readonly kind: string
  /** Whether it is to be looked at, one at a time: a sweep makes none of these. */
  readonly isPicture?: boolean
  /** Writes the value in parts, and gives what a trace has to remember to find it again. */
  encode<E>(value: In, write: Write<E>): Effect.Effect<Stored, E | ArtifactInvalid>
  /** Reads what `encode` wrote. */
  decode<E>(stored: Stored, read: Read<E>): Effect.Effect<Out, E | ArtifactUnreadable>
}

/** An artifact of any kind, whose value is known only at run time. */
// biome-ignore lint/suspicious/noExplicitAny: the one place where the value of an artifact is forgotten
export type AnyArtifact = Artifact<string, any, any>
/** The value that a later stage is given of an artifact. */
export type ValueOf<A> = A extends Artifact<string, infer _In, infer Out> ? Out : never

/** How an artifact is written in keys and messages: `Rents@1`. */
export const id = (artifact: { readonly name: string; readonly version: number }): string =>
  `${artifact.name}@${artifact.version}`
