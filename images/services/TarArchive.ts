import fs from "node:fs"
import { pipeline } from "node:stream"
import { createGunzip } from "node:zlib"
import { Chunk, Effect, Either, Option, Stream } from "effect"
import { LeftOut, reason, type SourceUnreadable, unreadable } from "headrace/files"
import type { Parser, ReadEntry } from "tar"
import * as ArchiveFault from "./ArchiveFault.ts"
import * as ArchiveKind from "./ArchiveKind.ts"
import {
  type ArchiveRefused,
  bomb,
  damaged,
  Gatherer,
  isBomb,
  type Limits,
  noArchive,
  pathOf,
  several,
  truncated
} from "./ArchiveRules.ts"
import type { Entry, Piece } from "./FileTree.ts"

/** Why a tar gives no entries: it is refused, or the operating system refuses its bytes. */
export type TarError = ArchiveRefused | SourceUnreadable

const chunkBytes = 256 << 10

const failureOf =
  (archive: string) =>
  (error: unknown): TarError => {
    const code = error instanceof Error && "code" in error ? String(error.code) : ""
    if (code === "Z_BUF_ERROR") return truncated(archive)
    return code.startsWith("Z_") ? damaged(archive, reason(error)) : unreadable(archive)(error)
  }

/** The tar's bytes, unpacked if they are gzip's. */
const unpacked = (archive: string, isGzip: boolean): Stream.Stream<Uint8Array, TarError> =>
  Stream.suspend(() => {
    const file = fs.createReadStream(archive, { highWaterMark: chunkBytes })
    const bytes = isGzip ? pipeline(file, createGunzip({ chunkSize: chunkBytes }), () => {}) : file
    return Stream.fromAsyncIterable(bytes as AsyncIterable<Uint8Array>, failureOf(archive))
  })

const regular = new Set(["File", "OldFile", "ContiguousFile"])
const folders = new Set(["Directory", "GNUDumpDir"])
const faultOf: Readonly<Record<string, ArchiveFault.Fault>> = {
  SymbolicLink: ArchiveFault.symbolicLink,
  Link: ArchiveFault.hardLink,
  CharacterDevice: ArchiveFault.device,
  BlockDevice: ArchiveFault.device,
  FIFO: ArchiveFault.pipe,
  SparseFile: ArchiveFault.sparse,
  ContinuationFile: ArchiveFault.continuation
}
/** Entries that are about the archive, or about a file beside its bytes: access lists, the name of a tape. */
const remarks = new Set(["TapeVolumeHeader", "SolarisACL", "Inode"])

const blockBytes = 512
const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0)

/** Where the next block of zeros ends, or the rest of one that began before: an end mark may lie there, and nowhere else. */
const nextEnd = (bytes: Uint8Array, from: number, fed: number): number => {
  const begun = (fed + from) % blockBytes
  if (begun > 0) return Math.min(from + blockBytes - begun, bytes.length)
  for (let at = from; at < bytes.length; at += blockBytes)
    if (bytes[at] === 0 && isZero(bytes.subarray(at, at + blockBytes))) return Math.min(at + blockBytes, bytes.length)
  return bytes.length
}

/** Whether a block is the header of an entry: its sum, in which the field of the sum itself counts as spaces, is the one it says. */
const isHeader = (block: Uint8Array): boolean => {
  const said = Number.parseInt(Buffer.from(block.subarray(148, 156)).toString("latin1"), 8)
  const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0)
  return sum === said
}

/** What a decoder of UTF-8 puts where bytes are none: two such names could become one. */
const replacement = "\ufffd"

type Found = { readonly entry: Entry } | Piece

/** Feeds node-tar's parser, and holds what came of the bytes so far: entries, and pieces of those that are wanted. */
class Reading {
  private readonly gatherer: Gatherer
  private found: Array<Found> = []
  private refusal: ArchiveRefused | null = null
  private isEnded = false
  private fed = 0
  /** Of what follows the end mark, the beginning of a block. */
  private rest = Buffer.alloc(0)
  /** Whether an entry was met: what has none is no tar. */
  private isBegun = false
  /** What the extended header before an entry says of it. */
  private ahead: ArchiveFault.Fault | null = null

  constructor(
    private readonly parser: Parser,
    private readonly archive: string,
    private readonly packedBytes: number,
    private readonly limits: Limits,
    private readonly isWanted: (path: string) => boolean,
    leftOut: LeftOut
  ) {
    this.gatherer = new Gatherer(archive, limits, leftOut)
    parser.on("entry", (entry: ReadEntry) => this.admit(entry))
    parser.on("ignoredEntry", (entry: ReadEntry) => this.ignored(entry))
    parser.on("meta", (text: string) => {
      // the parser knows nothing of these: it would give a map of holes as the file's first bytes
      if (/^\d+ GNU\.sparse\./m.test(text)) this.ahead = ArchiveFault.sparse
    })
    parser.on("warn", (_code: string, message: string) =>
      this.refuse(
        message.startsWith("Truncated")
          ? truncated(archive)
          : this.isBegun
            ? damaged(archive, message)
            : noArchive(archive)
      )
    )
    for (const end of ["eof", "nullBlock"]) {
      parser.on(end, () => {
        this.isEnded = true
      })
    }
  }

  private refuse(refusal: ArchiveRefused) {
    this.refusal ??= refusal
  }

  /** Whether an entry, which was met, is one too many. */
  private isOver(): boolean {
    this.isBegun = true
    const tooMany = this.gatherer.met()
    if (tooMany !== null) this.refuse(tooMany)
    return tooMany !== null
  }

  private ignored(entry: ReadEntry) {
    if (this.isOver()) return
    if (remarks.has(entry.type)) return
    const fault = faultOf[entry.type]
    if (fault === undefined) return this.refuse(damaged(this.archive, `an entry of type ${entry.type}`))
    const noted = this.gatherer.admit(entry.path, entry.size, fault, "/")
    if (Either.isLeft(noted)) this.refuse(noted.left)
  }

  private admit(entry: ReadEntry) {
    if (this.isOver()) return entry.resume()
    const name = entry.path.includes(replacement) ? ArchiveFault.unnamed : null
    const type = regular.has(entry.type) ? null : (faultOf[entry.type] ?? ArchiveFault.device)
    const fault = this.ahead ?? type ?? name
    this.ahead = null
    const admitted = folders.has(entry.type)
      ? Either.map(pathOf(this.archive, entry.path, "/"), () => null)
      : this.gatherer.admit(entry.path, entry.size, fault, "/")
    if (Either.isLeft(admitted)) this.refuse(admitted.left)
    const path = Either.getOrNull(admitted)
    if (path === null || this.refusal !== null) {
      return entry.resume()
    }
    const { size } = entry
    this.found.push({ entry: { path, size } })
    if (!this.isWanted(path)) {
      return entry.resume()
    }
    if (size === 0) this.found.push({ path, last: true, bytes: new Uint8Array() })
    let read = 0
    entry.on("data", (bytes: Uint8Array) => {
      read += bytes.length
      this.found.push({ path, last: read >= size, bytes })
    })
  }

  private take(): Either.Either<ReadonlyArray<Found>, ArchiveRefused> {
    // what was noted says more than where the parser lost its way after it
    if (this.refusal !== null) return Either.left(this.gatherer.refusal ?? this.refusal)
    const taken = this.found
    this.found = []
    return Either.right(taken)
  }

  feed(bytes: Uint8Array): Either.Either<ReadonlyArray<Found>, ArchiveRefused> {
    // an archive inside an archive would be unpacked by the parser, past the limits
    if (this.fed === 0 && bytes[0] === 0x1f && bytes[1] === 0x8b) this.refuse(damaged(this.archive, "gzip in gzip"))
    const before = this.fed
    this.fed += bytes.length
    if (isBomb(this.fed, this.packedBytes, this.limits)) this.refuse(bomb(this.archive, this.limits))
    for (let at = 0; at < bytes.length && this.refusal === null; ) {
      const end = nextEnd(bytes, at, before)
      if (this.isEnded) this.behind(bytes.subarray(at, end))
      else this.parser.write(bytes.subarray(at, end) as Buffer)
      at = end
    }
    return this.take()
  }

  /** What follows the end mark is padding of whatever bytes, unless it has entries: those of an archive that was put there. */
  private behind(bytes: Uint8Array) {
    const all = Buffer.concat([this.rest, bytes])
    let at = 0
    for (; at + blockBytes <= all.length; at += blockBytes)
      if (isHeader(all.subarray(at, at + blockBytes))) return this.refuse(several(this.archive))
    this.rest = all.subarray(at)
  }

  end(): Either.Either<ReadonlyArray<Found>, ArchiveRefused> {
    this.parser.end()
    // cut exactly between two entries, all that is missing is the end mark
    if (!this.isEnded) this.refuse(truncated(this.archive))
    this.refusal ??= this.gatherer.refusal
    return this.take()
  }
}

const reading = (
  archive: string,
  limits: Limits,
  isWanted: (path: string) => boolean,
  leftOut: LeftOut
): Stream.Stream<Found, TarError> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const { Parser } = yield* Effect.promise(() => import("tar"))
      const { isGzip, bytes } = yield* Effect.try({
        try: () => ({ isGzip: ArchiveKind.read(archive).kind === "gzip", bytes: fs.statSync(archive).size }),
        catch: unreadable(archive)
      })
      const state = new Reading(new Parser({ zstd: false, brotli: false }), archive, bytes, limits, isWanted, leftOut)
      const step = (run: () => Either.Either<ReadonlyArray<Found>, ArchiveRefused>) =>
        Effect.try({ try: run, catch: (error) => damaged(archive, reason(error)) }).pipe(
          Effect.flatten,
          Effect.map((found) => Chunk.unsafeFromArray([...found]))
        )
      return unpacked(archive, isGzip).pipe(
        Stream.mapEffect((part) => step(() => state.feed(part))),
        Stream.concat(Stream.fromEffect(Effect.suspend(() => step(() => state.end())))),
        Stream.flattenChunks
      )
    })
  )

/** Every regular file of the archive, which is read to its end and checked. */
export const entries = (
  archive: string,
  limits: Limits,
  leftOut: LeftOut
): Effect.Effect<ReadonlyArray<Entry>, TarError> =>
  reading(archive, limits, () => false, leftOut).pipe(
    Stream.filterMap((found) => ("entry" in found ? Option.some(found.entry) : Option.none())),
    Stream.runCollect,
    Effect.map(Chunk.toReadonlyArray)
  )

/** The wanted entries in the archive's order. What follows the last of them isn't read. */
export const pieces = (archive: string, limits: Limits, wanted: ReadonlySet<string>): Stream.Stream<Piece, TarError> =>
  Stream.suspend(() => {
    let missing = wanted.size
    if (missing === 0) return Stream.empty
    return reading(archive, limits, (path) => wanted.has(path), new LeftOut()).pipe(
      Stream.filterMap((found) => ("entry" in found ? Option.none() : Option.some(found))),
      Stream.takeUntil((piece) => {
        if (piece.last) missing -= 1
        return missing === 0
      })
    )
  })
