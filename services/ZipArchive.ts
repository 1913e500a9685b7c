import { Effect, Either, type Scope, Stream } from "effect"
import type { Entry as ZipEntry, ZipFile } from "yauzl"
import {
  type ArchiveRefused,
  bomb,
  damaged,
  escaping,
  Gatherer,
  isBomb,
  type Limits,
  truncated
} from "./ArchiveRules.ts"
import { type Entry, type Piece, pieces as piecesOf } from "./FileTree.ts"
import { reason, type SourceUnreadable, unreadable } from "./SourceError.ts"

type Failure = ArchiveRefused | SourceUnreadable

const failureOf =
  (archive: string) =>
  (error: unknown): Failure => {
    // what the operating system refuses has an error number; the rest is about the archive
    if (error instanceof Error && "errno" in error && "syscall" in error) return unreadable(archive)(error)
    const what = reason(error)
    const path = what.match(/^(?:invalid relative path|absolute path|invalid characters in fileName): (.*)$/s)?.[1]
    if (path !== undefined) return escaping(archive, path)
    return /end of central directory/i.test(what) ? truncated(archive) : damaged(archive, what)
  }

const opened = (archive: string): Effect.Effect<ZipFile, Failure, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: async () => (await import("yauzl")).openPromise(archive, { autoClose: false, lazyEntries: true }),
      catch: failureOf(archive)
    }),
    (zip) => Effect.sync(() => zip.close())
  )

/** Unix file types in the high half of the attributes: only regular files and folders have a place in a dataset. */
const kindOf = (entry: ZipEntry): string | null => {
  const type = (entry.externalFileAttributes >>> 16) & 0o170000
  return type === 0o120000
    ? "a symbolic link"
    : type === 0 || type === 0o100000 || type === 0o040000
      ? null
      : "a device"
}

export interface ZipListing {
  readonly entries: ReadonlyArray<Entry>
  readonly headers: ReadonlyMap<string, ZipEntry>
}

/** Every regular file by the archive's directory, which is checked; the bytes are checked as they are read. */
export const list = (archive: string, limits: Limits): Effect.Effect<ZipListing, Failure> =>
  Effect.scoped(
    Effect.gen(function* () {
      const zip = yield* opened(archive)
      const gatherer = new Gatherer(archive, limits)
      const headers = new Map<string, ZipEntry>()
      let unpacked = 0
      yield* Stream.fromAsyncIterable(zip.eachEntry(), failureOf(archive)).pipe(
        Stream.runForEach((header) =>
          Effect.gen(function* () {
            const isFolder = header.fileName.endsWith("/")
            const path = yield* gatherer.admit(header.fileName, header.uncompressedSize, kindOf(header))
            if (isFolder || path === null) return
            if (!header.canDecodeFileData()) {
              return yield* damaged(archive, `${path} is encrypted, or packed in another way than deflate`)
            }
            unpacked += header.uncompressedSize
            if (isBomb(unpacked, zip.fileSize, limits)) return yield* bomb(archive, limits)
            headers.set(path, header)
          })
        )
      )
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
        return check(read === header.uncompressedSize)
      })
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
