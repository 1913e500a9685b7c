import { createHash } from "node:crypto"
import { Effect } from "effect"
import * as BoundedFile from "../artifacts/BoundedFile.ts"
import * as EventLoop from "../artifacts/EventLoop.ts"
import type { OnProgress } from "./Progress.ts"
import { type SourceUnreadable, unreadable } from "./SourceError.ts"

/** The most bytes of a file that is read faster at once than as a stream. */
export const smallBytes = 1 << 20
const sliceBytes = 4 << 20
const sliceFiles = 64
const parallel = 4

/** Hashes one file of any size, in constant memory. The hash is hexadecimal. */
export const hashFile = (file: string, algorithm: "sha256" | "md5"): Effect.Effect<string, SourceUnreadable> =>
  Effect.tryPromise({
    try: (signal) => BoundedFile.hash(file, { algorithm, signal }),
    catch: unreadable(file)
  })

const slices = <F extends { readonly size: number }>(files: ReadonlyArray<F>): Array<Array<F>> => {
  const found: Array<Array<F>> = []
  let slice: Array<F> = []
  let bytes = 0
  for (const file of files) {
    if (slice.length > 0 && (slice.length === sliceFiles || bytes + file.size > sliceBytes)) {
      found.push(slice)
      slice = []
      bytes = 0
    }
    slice.push(file)
    bytes += file.size
  }
  return slice.length > 0 ? [...found, slice] : found
}

/**
 * Hashes files, and gives the sha256 of each by its path under `root`. Small files are read one after the other (four times as fast as
 * through the thread pool), large ones `parallel` at a time.
 */
export const hashFiles = (
  root: string,
  files: ReadonlyArray<{ readonly path: string; readonly size: number }>,
  onProgress: OnProgress | undefined
): Effect.Effect<ReadonlyMap<string, string>, SourceUnreadable> =>
  Effect.gen(function* () {
    const digests = new Map<string, string>()
    const total = files.reduce((sum, file) => sum + file.size, 0)
    let done = 0
    const progress = (bytes: number) => {
      done += bytes
      return onProgress?.({ what: `hashing ${root}`, done, total }) ?? Effect.void
    }
    const full = (path: string) => (path === "" ? root : `${root}/${path}`)
    for (const slice of slices(files.filter((file) => file.size <= smallBytes))) {
      for (const { path } of slice) {
        const bytes = yield* Effect.try({
          try: () => BoundedFile.read(full(path), smallBytes),
          catch: unreadable(full(path))
        })
        digests.set(path, createHash("sha256").update(bytes).digest("hex"))
      }
      yield* progress(slice.reduce((sum, file) => sum + file.size, 0))
      // signals and the progress line
      yield* EventLoop.turn
    }
    yield* Effect.forEach(
      files.filter((file) => file.size > smallBytes),
      ({ path, size }) =>
        Effect.gen(function* () {
          digests.set(path, yield* hashFile(full(path), "sha256"))
          yield* progress(size)
        }),
      { concurrency: parallel, discard: true }
    )
    return digests
  })
