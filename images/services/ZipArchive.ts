import { Effect, Either, type Scope, Stream } from "effect"
import { type LeftOut, reason, type SourceUnreadable, unreadable } from "headrace/files"
import type { Entry as ZipEntry, ZipFile } from "yauzl"
import * as ArchiveFault from "./ArchiveFault.ts"
import {
  type ArchiveRefused,
  bomb,
  damaged,
  Gatherer,
  isBomb,
  type Limits,
  pathOf,
  severalDisks,
  truncated
} from "./ArchiveRules.ts"
import { type Entry, type Piece, pieces as piecesOf } from "./FileTree.ts"
import * as ZipName from "./ZipName.ts"

type Failure = ArchiveRefused | SourceUnreadable

const failureOf =
  (archive: string) =>
  (error: unknown): Failure => {
    // what the operating system refuses has an error number; the rest is about the archive
    if (error instanceof Error && "errno" in error && "syscall" in error) return unreadable(archive)(error)
    const what = reason(error)
    if (/multi-disk/i.test(what)) return severalDisks(archive)
    return /end of central directory/i.test(what) ? truncated(archive) : damaged(archive, what)
  }

const opened = (archive: string): Effect.Effect<ZipFile, Failure, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.tryPromise({
      // names are decoded by ZipName; sizes are checked here, since an encrypted entry is to be told as such
      try: async () =>
        (await import("yauzl")).openPromise(archive, {
          autoClose: false,
          lazyEntries: true,
          decodeStrings: false,
          validateEntrySizes: false
        }),
      catch: failureOf(archive)
    }),
    (zip) => Effect.sync(() => zip.close())
  )

/** Methods by the numbers of APPNOTE.TXT 4.4.5 that packers in use write, beside "stored" and deflate. */
const methods: Readonly<Record<number, string>> = {
  1: "Shrink",
  6: "Implode",
  9: "Deflate64",
  12: "bzip2",
  14: "LZMA",
  93: "Zstandard",
  95: "XZ",
  98: "PPMd"
}
const stored = 0
const deflated = 8

/** Unix file types in the high half of the attributes: only regular files and folders have a place in a dataset. */
const typeFault = (header: ZipEntry): ArchiveFault.Fault | null => {
  const type = (header.externalFileAttributes >>> 16) & 0o170000
  return type === 0o120000
    ? ArchiveFault.symbolicLink
    : type === 0 || type === 0o100000 || type === 0o040000
      ? null
      : ArchiveFault.device
}

const faultOf = (header: ZipEntry): ArchiveFault.Fault | null => {
  const type = typeFault(header)
  if (type !== null) return type
  if (header.isEncrypted()) return ArchiveFault.encrypted
  const method = header.compressionMethod
  return method === stored || method === deflated
    ? null
    : ArchiveFault.packedBy(methods[method] ?? `a method numbered ${method}`)
}

export interface ZipListing {
  readonly entries: ReadonlyArray<Entry>
  readonly headers: ReadonlyMap<string, ZipEntry>
}

/** Every regular file by the archive's directory, which is checked; the bytes are checked as they are read. */
export const list = (archive: string, limits: Limits, leftOut: LeftOut): Effect.Effect<ZipListing, Failure> =>
  Effect.scoped(
    Effect.gen(function* () {
      const zip = yield* opened(archive)
      const gatherer = new Gatherer(archive, limits, leftOut)
      const headers = new Map<string, ZipEntry>()
      let unpacked = 0
      yield* Stream.fromAsyncIterable(zip.eachEntry(), failureOf(archive)).pipe(
        Stream.runForEach((header) =>
          Effect.gen(function* () {
            const tooMany = gatherer.met()
            if (tooMany !== null) return yield* gatherer.refusal ?? tooMany
            const { name, separators, isUnsure } = ZipName.of(header, (bytes) => crc32(bytes, 0))
            if (name.endsWith("/") || (separators !== "/" && name.endsWith("\\"))) {
              yield* pathOf(archive, name, separators)
              return
            }
            const fault = isUnsure ? ArchiveFault.unnamed : faultOf(header)
            const path = yield* gatherer.admit(name, header.uncompressedSize, fault, separators)
            if (path === null) return
            const { compressedSize, uncompressedSize } = header
            if (header.compressionMethod === stored && compressedSize !== uncompressedSize) {
              return yield* damaged(archive, `${path} is stored with two sizes`)
            }
            unpacked += header.uncompressedSize
            if (isBomb(unpacked, zip.fileSize, limits)) return yield* bomb(archive, limits)
            headers.set(path, header)
          })
        )
      )
      if (gatherer.refusal !== null) return yield* gatherer.refusal
      const entries = Array.from(headers, ([path, header]) => ({ path, size: header.uncompressedSize }))
      return { entries, headers }
    })
  )

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0)
  return value
})

/** CRC-32 as zip has it (polynomial 0xEDB88320), continued from `before`. Node has one only from 20.15 on. */
const crc32 = (bytes: Uint8Array, before: number): number => {
  let crc = ~before
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0)
  return ~crc >>> 0
}

const bytesOf = (archive: string, zip: ZipFile, path: string, header: ZipEntry): Stream.Stream<Uint8Array, Failure> =>
  Stream.suspend(() => {
    let crc = 0
    const check = (isLast: boolean) =>
      isLast && crc !== header.crc32
        ? Either.left(damaged(archive, `${path} has another checksum`))
        : Either.right(null)
    let read = 0
    return Stream.fromEffect(
      Effect.tryPromise({ try: () => zip.openReadStreamPromise(header), catch: failureOf(archive) })
    ).pipe(
      Stream.flatMap((readable) =>
        Stream.fromAsyncIterable(readable as AsyncIterable<Uint8Array>, (error) => failureOf(archive)(error))
      ),
      Stream.tap((bytes) => {
        crc = crc32(bytes, crc)
        read += bytes.length
        if (read > header.uncompressedSize) return damaged(archive, `${path} is larger than its size says`)
        return check(read === header.uncompressedSize)
      }),
      Stream.concat(
        Stream.execute(
          Effect.suspend(() =>
            read === header.uncompressedSize ? Effect.void : damaged(archive, `${path} is smaller than its size says`)
          )
        )
      )
    )
  })

/** The wanted entries in the order asked for. */
export const pieces = (
  archive: string,
  headers: ReadonlyMap<string, ZipEntry>,
  wanted: ReadonlyArray<Entry>
): Stream.Stream<Piece, Failure> =>
  Stream.unwrapScoped(
    Effect.map(opened(archive), (zip) =>
      Stream.fromIterable(wanted).pipe(
        Stream.flatMap((entry) => {
          const header = headers.get(entry.path)
          return header === undefined
            ? Stream.fail(damaged(archive, `it has no ${entry.path}`))
            : piecesOf(entry, bytesOf(archive, zip, entry.path, header))
        })
      )
    )
  )
