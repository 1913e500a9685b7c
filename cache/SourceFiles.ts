import { Context, Effect, Schema } from "effect"
import * as Digest from "../artifacts/Digest.ts"
import * as Explained from "../artifacts/Explained.ts"
import type { Files } from "../artifacts/Files.ts"
import type { StoreFailed } from "./ObjectStore.ts"

/** The bytes of a source are on this machine neither where they were found, which may be another machine's, nor in a store. */
export class SourceGone extends Explained.TaggedError<SourceGone>()(
  "SourceGone",
  { label: Schema.String, path: Schema.String, digest: Digest.Digest, what: Schema.String },
  ({ label, path, digest, what }) => ({
    what: `The bytes of ${label} (sha256 ${Digest.short(digest)}) are not to be had: ${what}`,
    expected: `them at ${path}, or in a store that this machine can ask`,
    fix: "Copy the file or folder there, or put it into the shared store on a machine that has it: pipeline push."
  })
) {}

/** One object of what a source is made of: a file's bytes, or those of the list that a folder is known by. */
export interface SourcePart {
  readonly object: Digest.Digest
  readonly bytes: number
  readonly read: Effect.Effect<Uint8Array, SourceGone>
}

/** From a source as somebody found it, maybe on another machine, to its bytes on this one. */
export interface SourceAccess {
  /** Where the files lie here. */
  readonly locate: (files: Files) => Effect.Effect<string, SourceGone | StoreFailed>
  /** Brings the files here where a store has them; whether they are here then. */
  readonly obtain: (files: Files) => Effect.Effect<boolean, SourceGone | StoreFailed>
  /** The objects by which they travel; whoever finds the last finds all of them. */
  readonly parts: (files: Files) => Effect.Effect<ReadonlyArray<SourcePart>, SourceGone | StoreFailed>
}

const nobody: SourceAccess = {
  locate: ({ path }) => Effect.succeed(path),
  obtain: () => Effect.succeed(false),
  parts: ({ digest, label, path }) =>
    new SourceGone({ label, path, digest, what: "nobody here knows how sources are read" })
}

/** How the bytes of sources are found. By default they lie where the source says: whoever found them is this process. */
export class SourceFiles extends Context.Reference<SourceFiles>()("headrace/SourceFiles", {
  defaultValue: () => nobody
}) {}
