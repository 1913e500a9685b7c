import { createHash } from "node:crypto"
import path from "node:path"
import { Clock, Context, Effect, Layer, Option } from "effect"
import * as Digest from "../artifacts/Digest.ts"
import * as DigestMemory from "./DigestMemory.ts"
import * as FolderListing from "./FolderListing.ts"
import { hashFiles } from "./HashFiles.ts"
import type { OnProgress } from "./Progress.ts"
import { racyMillis } from "./RacyInterval.ts"
import type { SourceRefused, SourceUnreadable } from "./SourceError.ts"
import type { LeftOut } from "./SystemFiles.ts"

/** A file of a folder that was digested. */
export interface DigestedFile {
  /** Relative to the folder, with "/"; empty where a single file was asked for. */
  readonly path: string
  readonly size: number
  /** Its size, times and inode as one text: while it stays, so do the bytes. */
  readonly stamp: string
  readonly digest: Digest.Digest
}

/** The digest of a file or folder. */
export interface Digested {
  /** sha256 of a file's bytes; of a folder, of the JSON of its sorted list of [relative path, sha256]. */
  readonly digest: Digest.Digest
  /** How many files had to be read for it; the digests of the others were remembered. */
  readonly hashed: number
  /** What of a folder is not the user's but the system's, and was neither hashed nor read. */
  readonly leftOut: LeftOut
}

type Failure = SourceUnreadable | SourceRefused

/**
 * The service that digests files and folders of this machine, and remembers the digests by path, size, times and inode. A file that
 * changed so shortly before it was hashed that it might have changed again under the same times is hashed again the next time.
 */
export class FileDigests extends Context.Tag("headrace/FileDigests")<
  FileDigests,
  {
    /** Digests a file or folder. */
    readonly of: (path: string, onProgress?: OnProgress) => Effect.Effect<Digested, Failure>
    /** Digests a file or folder, and lists its files, sorted by path. */
    readonly listing: (
      path: string,
      onProgress?: OnProgress
    ) => Effect.Effect<Digested & { readonly files: ReadonlyArray<DigestedFile> }, Failure>
  }
>() {
  /** Keeps what is remembered in a directory, in a file for each path that is asked for; with null, every digest is taken anew. */
  static readonly layer = (options: { readonly directory: string | null }): Layer.Layer<FileDigests> =>
    Layer.succeed(FileDigests, {
      of: (root, onProgress) => look(options.directory, path.resolve(root), onProgress, false),
      listing: (root, onProgress) => look(options.directory, path.resolve(root), onProgress, true)
    })
}

const fingerprintOf = (files: ReadonlyArray<FolderListing.ListedFile>): string => {
  const hash = createHash("sha256")
  // one update of many files: a call a file would cost more than the hashing
  for (let start = 0; start < files.length; start += 1_000) {
    const part = files.slice(start, start + 1_000)
    hash.update(JSON.stringify(part.map((file) => [file.path, file.stamp])))
  }
  return hash.digest("hex")
}

/** The list that a folder is known by: the paths and digests of its files, sorted by path. */
export const listText = (files: ReadonlyArray<Pick<DigestedFile, "path" | "digest">>): string =>
  JSON.stringify(files.map((file) => [file.path, file.digest]))

/** The digest of a folder by those of its files, sorted by path, or of the one file that has no path below the root. */
export const digestOf = (files: ReadonlyArray<Pick<DigestedFile, "path" | "digest">>): Digest.Digest =>
  files.length === 1 && files[0]?.path === "" ? files[0].digest : Digest.ofBytes(listText(files))

const look = (directory: string | null, root: string, onProgress: OnProgress | undefined, everyFile: boolean) =>
  Effect.gen(function* () {
    const memory = directory === null ? null : path.join(directory, `${Digest.ofBytes(root).slice(0, 32)}.txt`)
    const now = yield* Clock.currentTimeMillis
    const { files: listed, leftOut } = yield* FolderListing.list(root)
    const fingerprint = fingerprintOf(listed)
    const header = memory === null ? Option.none() : yield* DigestMemory.header(memory, root)
    const known = Option.filter(header, (found) => found.fingerprint === fingerprint)
    if (Option.isSome(known) && !everyFile) {
      return { digest: known.value.digest as Digest.Digest, hashed: 0, files: [], leftOut }
    }
    const remembered = new Map(
      memory !== null && Option.isSome(header) ? (yield* DigestMemory.rows(memory)).map((row) => [row[0], row]) : []
    )
    const trusted = (file: FolderListing.ListedFile) => remembered.get(file.path)?.[1] === file.stamp
    const stale = listed.filter((file) => !trusted(file))
    const hashed = yield* hashFiles(root, stale, onProgress)
    const files = listed.map(({ path, size, stamp }) => ({
      path,
      size,
      stamp,
      digest: (hashed.get(path) ?? remembered.get(path)?.[2]) as Digest.Digest
    }))
    const digest = digestOf(files)
    if (memory !== null && (stale.length > 0 || Option.isNone(known))) {
      const kept = files.filter((_, index) => {
        const file = listed[index]
        return file !== undefined && (trusted(file) || file.changedMillis < now - racyMillis)
      })
      yield* DigestMemory.save(
        memory,
        { format: 1, root, fingerprint: kept.length === files.length ? fingerprint : null, digest },
        kept.map((file) => [file.path, file.stamp, file.digest])
      )
    }
    return { digest, hashed: stale.length, files, leftOut }
  })
