import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs"

/** A file that is not read: what it is, as the end of a sentence. */
export class Unbounded extends Error {}

/** What an open file has from its beginning on, as far as `bytes` has room: the part of it that was filled. */
export const readOpened = (opened: number, bytes: Buffer): Buffer => {
  let length = 0
  for (let read = -1; read !== 0 && length < bytes.length; length += read)
    read = readSync(opened, bytes, length, bytes.length - length, null)
  return bytes.subarray(0, length)
}

/**
 * The bytes of a regular file of at most `most` bytes, read at once. Opening never waits, as a FIFO's would; devices, folders
 * and FIFOs are refused, and so is a file that is larger or grows while it is read. Throws an `Unbounded`, or what the
 * system says.
 */
export const readBounded = (file: string, most: number): Buffer => {
  const opened = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  try {
    const stat = fstatSync(opened)
    if (!stat.isFile()) throw new Unbounded(stat.isDirectory() ? "is a folder" : "is a device or a pipe")
    if (stat.size > most) throw new Unbounded(`has ${stat.size} bytes`)
    // the byte more tells of a file that grows
    const bytes = readOpened(opened, Buffer.allocUnsafeSlow(stat.size + 1))
    if (bytes.length > stat.size) throw new Unbounded("has more bytes than its system says")
    return bytes
  } finally {
    closeSync(opened)
  }
}
