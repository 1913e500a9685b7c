/**
 * Files of the outside world, such as a dataset: what a {@link Source} resolves to, and a stage reads.
 *
 * @module
 */
import { Effect, Schema } from "effect"
import { type Artifact, ArtifactUnreadable, id } from "./Artifact.ts"
import { Digest } from "./Digest.ts"
import { phrase } from "./SchemaRefusal.ts"
import * as Text from "./Text.ts"

/**
 * What a source hands to a stage: a file or folder of the outside world. Only `digest` enters a key; the rest says where
 * the bytes lie on this machine, and how to speak of them.
 */
export const Files = Schema.Struct({
  /** sha256 of the file's bytes; of a folder, of the sorted list of [relative path, sha256] of its files. */
  digest: Digest,
  path: Schema.String,
  /** What a person calls it, such as `cifar10 (image folder edition)`. */
  label: Schema.String,
  /** Something the user ought to know about the choice made, shown once a run. */
  notice: Schema.NullOr(Text.Text)
})
/** What a source hands to a stage. */
export type Files = typeof Files.Type

/**
 * Files whose digest is known before they are on this machine, such as a published dataset that nobody has downloaded: what is kept of
 * them serves without their bytes.
 */
export interface Expected extends Files {
  /** Brings them to `path`, once somebody must read them. */
  readonly fetch: Effect.Effect<unknown, unknown>
}

/** Files of the outside world as sources and stages declare them. */
export interface FilesArtifact<Name extends string> extends Artifact<Name, Files> {
  readonly kind: "files"
}

/**
 * Declares what a source resolves to. Files are never copied into the store: what is remembered of them is where they lie, and their
 * digest, which is their content.
 *
 * @example
 * const RentsFile = Files.make("RentsFile", 1)
 */
export const make = <const Name extends string>(name: Name, version: number): FilesArtifact<Name> => {
  const artifact = id({ name, version })
  return {
    name,
    version,
    kind: "files",
    encode: (files) =>
      Effect.succeed({
        artifact,
        kind: "files" as const,
        content: files.digest,
        rows: null,
        bytes: 0,
        parts: [],
        header: files
      }),
    decode: (stored) =>
      Schema.decodeUnknown(Files)(stored.header).pipe(
        Effect.mapError((error) => new ArtifactUnreadable({ artifact, object: stored.content, what: phrase(error) }))
      )
  }
}
