/**
 * Reading of whole files that may be anything: a bound on their size, no device or pipe that never ends, no file that grows meanwhile.
 *
 * @module
 */
import { createHash } from "node:crypto"
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import { Data } from "effect"

/** Why a file is not read. The message is the end of a sentence that begins with the file: "is a folder". */
export class Unbounded extends Data.TaggedError("Unbounded")<{ readonly message: string }> {}

/** Opening never waits, as a FIFO's would, and makes no terminal this process's own. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY

const PIECE_BYTES = 1 << 20

interface Kind {
  readonly size: number
  readonly isFile: () => boolean
  readonly isDirectory: () => boolean
}

/** Throws for what is open and no regular file, or larger than `most` bytes. */
const bounded = <K extends Kind>(stat: K, most: number): K => {
  if (!stat.isFile()) throw new Unbounded({ message: stat.isDirectory() ? "is a folder" : "is a device or a pipe" })
  if (stat.size > most) throw new Unbounded({ message: `has ${stat.size} bytes, where ${most} is the most` })
  return stat
}

/** The byte more, for which a reader's buffer has room, tells of a file that grows. */
const whole = (bytes: Buffer, size: number): Buffer => {
  if (bytes.length > size) throw new Unbounded({ message: "has more bytes than its system says" })
  return bytes
}

/** What an open file has from its beginning on, as far as `bytes` has room: the part of it that was filled. */
const readOpened = (opened: number, bytes: Buffer): Buffer => {
  let length = 0
  for (let read = -1; read !== 0 && length < bytes.length; length += read)
    read = readSync(opened, bytes, length, bytes.length - length, null)
  return bytes.subarray(0, length)
}

/** What `use` makes of a regular file, open for reading, and its size. */
const withOpened = <A>(file: string, most: number, use: (opened: number, size: number) => A): A => {
  const opened = openSync(file, FLAGS)
  try {
    return use(opened, bounded(fstatSync(opened), most).size)
  } finally {
    closeSync(opened)
  }
}

const readWhole = (opened: number, size: number): Buffer =>
  whole(readOpened(opened, Buffer.allocUnsafeSlow(size + 1)), size)

/**
 * The bytes of a regular file of at most `most` bytes, read at once. Devices, folders and FIFOs are refused, and so is a
 * file that is larger or grows while it is read. Throws an `Unbounded`, or what the system says.
 */
export const read = (file: string, most: number): Buffer => withOpened(file, most, readWhole)

/** The bytes of a regular file of at most `small` bytes, as `read` gives them; null for a larger one, which `readLarge` reads. */
export const readSmall = (file: string, small: number): Buffer | null =>
  withOpened(file, Number.POSITIVE_INFINITY, (opened, size) => (size > small ? null : readWhole(opened, size)))

/** The first bytes of a regular file of any size: `length` of them, or all where it has fewer. */
export const readStart = (file: string, length: number): Buffer =>
  withOpened(file, Number.POSITIVE_INFINITY, (opened) => readOpened(opened, Buffer.alloc(length)))

/** A regular file of at most `most` bytes, open for reading, and its size. */
const opening = async (file: string, most: number): Promise<{ readonly opened: FileHandle; readonly size: number }> => {
  const opened = await open(file, FLAGS)
  try {
    return { opened, size: bounded(await opened.stat(), most).size }
  } catch (cause) {
    await opened.close()
    throw cause
  }
}

/** The bytes of a regular file of any size, in pieces; it is closed with the last, or when nobody takes the next. */
export const pieces = async function* (file: string): AsyncGenerator<Uint8Array> {
  const { opened } = await opening(file, Number.POSITIVE_INFINITY)
  yield* opened.createReadStream({ highWaterMark: PIECE_BYTES })
}

/** How a file is hashed: by sha256 unless another algorithm is given. An abort ends it between two pieces. */
export interface Hashing {
  readonly algorithm?: "sha256" | "md5"
  /** The most bytes that a file may have. */
  readonly most?: number
  readonly signal?: AbortSignal
}

/** The hexadecimal hash of a regular file, read in pieces that share one buffer: no file takes memory by its size. */
export const hash = async (
  file: string,
  { algorithm = "sha256", most = Number.POSITIVE_INFINITY, signal }: Hashing = {}
): Promise<string> => {
  const { opened, size } = await opening(file, most)
  try {
    const hash = createHash(algorithm)
    const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, size + 1))
    for (let read = -1; read !== 0; ) {
      signal?.throwIfAborted()
      read = (await opened.read(piece, 0, piece.length, null)).bytesRead
      hash.update(piece.subarray(0, read))
    }
    return hash.digest("hex")
  } finally {
    await opened.close()
  }
}

/** The bytes of a regular file of at most `most` bytes, as `read` gives them, while other work of the process goes on. */
export const readLarge = async (file: string, most: number): Promise<Buffer> => {
  const { opened, size } = await opening(file, most)
  try {
    const bytes = Buffer.allocUnsafeSlow(size + 1)
    let length = 0
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      read = (await opened.read(bytes, length, bytes.length - length, null)).bytesRead
    return whole(bytes.subarray(0, length), size)
  } finally {
    await opened.close()
  }
}
