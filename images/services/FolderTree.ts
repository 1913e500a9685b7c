import { createHash, hash } from "node:crypto"
import { Effect, Stream } from "effect"
import type { Files } from "headrace"
import {
  BoundedFile,
  type DigestedFile,
  FileTooLarge,
  LeftOut,
  SourceChanged,
  type SourceUnreadable,
  unreadable
} from "headrace/files"
import { limits } from "./ArchiveRules.ts"
import { type Entry, type FileTree, readInOrder } from "./FileTree.ts"

/** A folder whose files are hashed as they are read, and compared with the digests that make up the folder's own. */
export const make = (files: Files.Files, listed: ReadonlyArray<DigestedFile>): FileTree => {
  const digests = new Map(listed.map((file) => [file.path, file.digest as string]))
  const full = (path: string) => `${files.path}/${path}`
  const check = (path: string, digest: string): Effect.Effect<void, SourceChanged> =>
    digest === digests.get(path) ? Effect.void : new SourceChanged({ path: full(path), label: files.label })

  const small = ({ path }: Entry): Effect.Effect<Uint8Array, SourceUnreadable | SourceChanged> =>
    Effect.try({
      try: () => BoundedFile.read(full(path), limits.entryBytes),
      catch: unreadable(full(path))
    }).pipe(Effect.flatMap((bytes) => Effect.as(check(path, hash("sha256", bytes, "hex")), bytes)))

  const large = ({ path, size }: Entry): Stream.Stream<Uint8Array, SourceUnreadable | SourceChanged> =>
    Stream.suspend(() => {
      const hashing = createHash("sha256")
      let read = 0
      return Stream.fromAsyncIterable(BoundedFile.pieces(full(path)), unreadable(full(path))).pipe(
        // the digest is checked before the last piece is handed on, so that nobody sees a whole file with other bytes
        Stream.tap((bytes) => {
          hashing.update(bytes)
          read += bytes.length
          return read >= size ? check(path, hashing.copy().digest("hex")) : Effect.void
        }),
        Stream.concat(Stream.execute(Effect.suspend(() => (read === size ? Effect.void : check(path, "cut short")))))
      )
    })

  return {
    leftOut: new LeftOut(),
    entries: listed.map(({ path, size }) => ({ path, size })),
    read: (wanted) => {
      const most = limits.entryBytes
      const tooLarge = wanted.find(({ size }) => size > most)
      return tooLarge === undefined
        ? readInOrder(wanted, small, large)
        : Stream.fail(new FileTooLarge({ path: full(tooLarge.path), bytes: tooLarge.size, most }))
    },
    nameOf: full
  }
}
