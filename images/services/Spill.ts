import { randomUUID } from "node:crypto"
import fs from "node:fs"
import os from "node:os"
import path from "node:path"
import { Effect, Stream } from "effect"
import { reason, TemporaryUnwritable } from "headrace/files"
import { type Entry, type Piece, readInOrder } from "./FileTree.ts"

const pieceBytes = 1 << 20

const readAt = (descriptor: number, offset: number, length: number): Uint8Array => {
  const bytes = Buffer.allocUnsafe(length)
  let read = 0
  while (read < length) {
    const count = fs.readSync(descriptor, bytes, read, length - read, offset + read)
    if (count === 0) throw new Error("it is shorter than what was written to it")
    read += count
  }
  return bytes
}

/**
 * Brings pieces into another order of entries through one nameless temporary file, so that memory stays bounded and
 * nothing is left behind, whatever happens.
 */
export const reordered = <E>(
  source: Stream.Stream<Piece, E>,
  wanted: ReadonlyArray<Entry>
): Stream.Stream<Piece, E | TemporaryUnwritable> => {
  const folder = os.tmpdir()
  const file = path.join(folder, `headrace-${randomUUID()}.tmp`)
  const bytes = wanted.reduce((sum, { size }) => sum + size, 0)
  const attempt = <A>(run: () => A) =>
    Effect.try({ try: run, catch: (error) => new TemporaryUnwritable({ folder, bytes, what: reason(error) }) })
  return Stream.unwrapScoped(
    Effect.gen(function* () {
      const descriptor = yield* Effect.acquireRelease(
        attempt(() => {
          const opened = fs.openSync(file, "wx+", 0o600)
          fs.unlinkSync(file)
          return opened
        }),
        (opened) => Effect.sync(() => fs.closeSync(opened))
      )
      const offsets = new Map<string, number>()
      let end = 0
      yield* Stream.runForEach(source, ({ path: entry, bytes }) =>
        attempt(() => {
          if (!offsets.has(entry)) offsets.set(entry, end)
          for (let at = 0; at < bytes.length; ) at += fs.writeSync(descriptor, bytes, at)
          end += bytes.length
        })
      )
      const offsetOf = (entry: Entry) => offsets.get(entry.path) ?? end
      return readInOrder(
        wanted,
        (entry) => attempt(() => readAt(descriptor, offsetOf(entry), entry.size)),
        (entry) =>
          Stream.range(0, Math.ceil(entry.size / pieceBytes) - 1).pipe(
            Stream.rechunk(1),
            Stream.mapEffect((index) =>
              attempt(() => {
                const start = index * pieceBytes
                return readAt(descriptor, offsetOf(entry) + start, Math.min(pieceBytes, entry.size - start))
              })
            )
          )
      )
    })
  )
}
