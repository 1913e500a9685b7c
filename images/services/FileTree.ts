import { Chunk, Effect, Option, Schema, Stream } from "effect"
import {
  FileTooLarge,
  type LeftOut,
  SourceChanged,
  SourceRefused,
  SourceUnreadable,
  smallBytes,
  TemporaryUnwritable
} from "headrace/files"
import { ArchiveRefused } from "./ArchiveRules.ts"

export const TreeError = Schema.Union(
  SourceUnreadable,
  SourceRefused,
  SourceChanged,
  FileTooLarge,
  ArchiveRefused,
  TemporaryUnwritable
)
export type TreeError = typeof TreeError.Type

export interface Entry {
  /** Relative, with "/". */
  readonly path: string
  readonly size: number
}

/** Consecutive bytes of one entry. An empty entry is one empty piece. */
export interface Piece {
  readonly path: string
  readonly last: boolean
  readonly bytes: Uint8Array
}

/** A folder, or an archive that is read as one without being unpacked. */
export interface FileTree {
  readonly entries: ReadonlyArray<Entry>
  /** What of an archive is the system's, and no entry. That of a folder is no part of its digest: its source tells it. */
  readonly leftOut: LeftOut
  /** The entries in the order asked for, in bounded memory, checked to be the bytes of the source's digest. */
  readonly read: (wanted: ReadonlyArray<Entry>) => Stream.Stream<Piece, TreeError>
  /** How messages speak of an entry. */
  readonly nameOf: (path: string) => string
}

const groupFiles = 64
const groupBytes = 4 << 20

/** Runs of small entries, read together, and large ones, each on its own. */
const groups = (wanted: ReadonlyArray<Entry>): Array<Array<Entry>> => {
  const found: Array<Array<Entry>> = []
  let room = 0
  for (const entry of wanted) {
    const group = found.at(-1)
    if (group === undefined || entry.size > room || group.length === groupFiles) {
      found.push([entry])
      room = entry.size > smallBytes ? -1 : groupBytes - entry.size
    } else {
      group.push(entry)
      room -= entry.size
    }
  }
  return found
}

/** Reads entries that can be reached in any order. */
export const readInOrder = <E>(
  wanted: ReadonlyArray<Entry>,
  small: (entry: Entry) => Effect.Effect<Uint8Array, E>,
  large: (entry: Entry) => Stream.Stream<Uint8Array, E>
): Stream.Stream<Piece, E> =>
  Stream.fromIterable(groups(wanted)).pipe(
    Stream.flatMap((group) => {
      const [first] = group
      if (first !== undefined && first.size > smallBytes) return pieces(first, large(first))
      const read = Effect.forEach(group, (entry) =>
        Effect.map(small(entry), (bytes): Piece => ({ path: entry.path, last: true, bytes }))
      )
      return Stream.unwrap(Effect.map(read, (found) => Stream.fromChunk(Chunk.unsafeFromArray(found))))
    })
  )

/** Marks the bytes of one entry; the entry's size says which piece is the last. */
export const pieces = <E>(entry: Entry, bytes: Stream.Stream<Uint8Array, E>): Stream.Stream<Piece, E> =>
  entry.size === 0
    ? Stream.make({ path: entry.path, last: true, bytes: new Uint8Array() })
    : bytes.pipe(
        Stream.mapAccum(0, (before, part) => {
          const end = before + part.length
          return [end, { path: entry.path, last: end >= entry.size, bytes: part }]
        })
      )

export interface WholeFile {
  readonly path: string
  readonly bytes: Uint8Array
}

/** Joins pieces to whole files; the entries read must be small enough to be held. */
export const joined = <E>(parts: Stream.Stream<Piece, E>): Stream.Stream<WholeFile, E> =>
  Stream.suspend(() => {
    let held: Array<Uint8Array> = []
    return Stream.mapChunks(
      parts,
      Chunk.filterMap((piece) => {
        const all = held
        all.push(piece.bytes)
        if (!piece.last) return Option.none()
        held = []
        const bytes = all.length === 1 && all[0] !== undefined ? all[0] : Buffer.concat(all)
        return Option.some({ path: piece.path, bytes })
      })
    )
  })
