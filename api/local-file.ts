import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect } from "effect"
import * as Digest from "../artifacts/Digest.ts"
import type { Files } from "../artifacts/Files.ts"
import { digestOf, FileDigests } from "../files/FileDigests.ts"
import * as FolderListing from "../files/FolderListing.ts"
import { SourceChanged, type SourceRefused, type SourceUnreadable, unreadable } from "../files/SourceError.ts"
import { Place } from "../project/Place.ts"

/**
 * A file or folder of this machine, for a source to resolve to. A relative path starts at the project's root, wherever the command is
 * given. Fails where nothing can be read there. Digests are remembered, so that nothing is hashed twice.
 */
export const local = (name: string): Effect.Effect<Files, SourceUnreadable | SourceRefused, FileDigests | Place> =>
  Effect.gen(function* () {
    const { root } = yield* Place
    const file = path.resolve(root, name)
    const { digest } = yield* Effect.flatMap(FileDigests, ({ of }) => of(file))
    return { digest, path: file, label: name, notice: null }
  })

/**
 * Reads the single file that a source resolved to, whole. Fails where its bytes are not those that were digested, since the result would
 * be kept under a key that speaks of others.
 */
export const readLocal = ({
  path: file,
  digest,
  label
}: Files): Effect.Effect<Uint8Array, SourceUnreadable | SourceChanged> =>
  Effect.flatMap(
    Effect.tryPromise({ try: () => fs.readFile(file), catch: unreadable(file) }),
    (bytes): Effect.Effect<Uint8Array, SourceChanged> =>
      Digest.ofBytes(bytes) === digest ? Effect.succeed(bytes) : new SourceChanged({ path: file, label })
  )

/** A file below a folder that a source resolved to: its path from there, with "/", and its bytes. */
export interface LocalFile {
  readonly path: string
  readonly bytes: Uint8Array
}

/**
 * The files below a folder that a source resolved to, sorted by path and read whole; fails where they are not those that were
 * digested.
 */
export const readLocalFolder = ({
  path: folder,
  digest,
  label
}: Files): Effect.Effect<ReadonlyArray<LocalFile>, SourceUnreadable | SourceRefused | SourceChanged> =>
  Effect.gen(function* () {
    const { files } = yield* FolderListing.list(folder)
    const read = yield* Effect.forEach(files, ({ path: name }) =>
      Effect.tryPromise({
        try: async (): Promise<LocalFile> => ({ path: name, bytes: await fs.readFile(path.join(folder, name)) }),
        catch: unreadable(path.join(folder, name))
      })
    )
    const found = digestOf(read.map(({ path: name, bytes }) => ({ path: name, digest: Digest.ofBytes(bytes) })))
    return found === digest ? read : yield* new SourceChanged({ path: folder, label })
  })
