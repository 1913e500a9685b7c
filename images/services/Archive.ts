import { Effect, Stream } from "effect"
import type { Files } from "headrace"
import { FolderListing, LeftOut, SourceChanged, unreadable } from "headrace/files"
import * as ArchiveKind from "./ArchiveKind.ts"
import { limits as defaultLimits, type Limits, unreadKind } from "./ArchiveRules.ts"
import type { Entry, FileTree, Piece, TreeError } from "./FileTree.ts"
import * as Spill from "./Spill.ts"
import * as TarArchive from "./TarArchive.ts"
import * as ZipArchive from "./ZipArchive.ts"

const isAscending = (positions: ReadonlyArray<number>): boolean =>
  positions.every((position, index) => index === 0 || position > (positions[index - 1] ?? 0))

/** A tar has one order: what is wanted in another goes through a temporary file. */
const readTar =
  (archive: string, limits: Limits, entries: ReadonlyArray<Entry>) =>
  (wanted: ReadonlyArray<Entry>): Stream.Stream<Piece, TreeError> => {
    const positions = new Map(entries.map((entry, index) => [entry.path, index]))
    const source = TarArchive.pieces(archive, limits, new Set(wanted.map((entry) => entry.path)))
    return isAscending(wanted.map((entry) => positions.get(entry.path) ?? -1))
      ? source
      : Spill.reordered(source, wanted)
  }

/**
 * A .tar, .tar.gz or .zip as a tree, by what its first bytes say. `stamp` is that of the bytes whose digest the source
 * has: it is compared before and after each reading.
 */
export const open = (
  files: Files.Files,
  stamp: string,
  limits: Limits = defaultLimits
): Effect.Effect<FileTree, TreeError> =>
  Effect.gen(function* () {
    const archive = files.path
    const unchanged = Effect.gen(function* () {
      const [now] = (yield* FolderListing.list(archive)).files
      if (now?.stamp !== stamp) return yield* new SourceChanged({ path: archive, label: files.label })
    })
    const guarded = (read: Stream.Stream<Piece, TreeError>) =>
      Stream.execute(unchanged).pipe(Stream.concat(read), Stream.concat(Stream.execute(unchanged)))
    const nameOf = (path: string) => `${path} in ${archive}`
    const leftOut = new LeftOut()
    const found = yield* Effect.try({ try: () => ArchiveKind.read(archive), catch: unreadable(archive) })
    if (found.kind === "unread") return yield* unreadKind(archive, found.name)
    if (found.kind === "zip") {
      const { entries, headers } = yield* ZipArchive.list(archive, limits, leftOut)
      return { entries, leftOut, nameOf, read: (wanted) => guarded(ZipArchive.pieces(archive, headers, wanted)) }
    }
    const entries = yield* TarArchive.entries(archive, limits, leftOut)
    const read = readTar(archive, limits, entries)
    return { entries, leftOut, nameOf, read: (wanted) => guarded(read(wanted)) }
  })
