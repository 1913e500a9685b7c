import { Schema } from "effect"
import { Digest } from "./Digest.ts"

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
  notice: Schema.NullOr(Schema.String)
})
export type Files = typeof Files.Type
