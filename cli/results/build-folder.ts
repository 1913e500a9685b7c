import { createHash } from "node:crypto"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect, Stream } from "effect"
import type { Digest } from "../../artifacts/Digest.ts"
import { makeDirectory } from "../../cache/disk.ts"
import type { StoreFailed } from "../../cache/ObjectStore.ts"
import { ABANDONED_MILLIS } from "../../cache/tidy.ts"
import * as Unfinished from "../../cache/unfinished.ts"
import { discard, swapIn } from "./swap-in.ts"

/** A file of a folder that is built. Its bytes come in pieces: a table is larger than memory. */
export interface FileToBuild<E> {
  /** Relative to the folder. */
  readonly file: string
  readonly bytes: Stream.Stream<Uint8Array, E>
}

export interface BuiltFile {
  readonly file: string
  readonly bytes: number
  readonly digest: Digest
}

/** What lies in a built folder beside its files: their names with the sha256 of their bytes. */
export const indexOf = (files: ReadonlyArray<{ readonly file: string; readonly digest: Digest }>): string =>
  JSON.stringify(files.map(({ file, digest }) => [file, digest]))

/** How earlier versions marked a folder: of which machine the pid was, nobody knows. */
const BY_PID = /^\d+-[0-9a-f]{8}$/

/** Folders that a process which was killed left beside `target`, half-built: at once where that is known, else once they are a day old. */
const removeAbandoned = async (target: string): Promise<void> => {
  const root = path.dirname(target)
  const begin = `.${path.basename(target)}-`
  for (const name of await fs.readdir(root).catch(() => [])) {
    const mark = name.slice(begin.length).replace(/\.old$/, "")
    if (!name.startsWith(begin) || !(BY_PID.test(mark) || Unfinished.isMark(mark))) continue
    const stat = await fs.stat(path.join(root, name)).catch(() => null)
    if (Unfinished.isOfGone(mark) || (stat !== null && Date.now() - stat.mtimeMs > ABANDONED_MILLIS))
      await discard(path.join(root, name))
  }
}

/**
 * Builds a folder beside `target` and swaps it in, with an index of its files under the name `index`. Readers see what was
 * there before or all of the new files; a failure or an interruption leaves what was there, as does `mayReplace` where it
 * fails: it is asked at the last moment, for building may take minutes.
 */
export const buildFolder = <E, E2 = never>(
  target: string,
  index: string,
  files: ReadonlyArray<FileToBuild<E>>,
  unwritable: (file: string, cause: unknown) => StoreFailed,
  mayReplace: Effect.Effect<unknown, E2> = Effect.void
): Effect.Effect<ReadonlyArray<BuiltFile>, E | E2 | StoreFailed> => {
  const aside = path.join(path.dirname(target), `.${path.basename(target)}-${Unfinished.mark()}`)
  const io = <A>(file: string, run: () => Promise<A>) =>
    Effect.tryPromise({ try: run, catch: (cause) => unwritable(file, cause) })
  const write = ({ file, bytes }: FileToBuild<E>) =>
    Effect.gen(function* () {
      const to = path.join(aside, file)
      const hash = createHash("sha256")
      let written = 0
      yield* io(to, () => makeDirectory(path.dirname(to)))
      yield* Effect.acquireUseRelease(
        io(to, () => fs.open(to, "wx")),
        (handle) =>
          Stream.runForEach(bytes, (piece) => {
            hash.update(piece)
            written += piece.length
            return io(to, () => handle.writeFile(piece))
          }),
        (handle) => Effect.promise(() => handle.close().catch(() => undefined))
      )
      return { file, bytes: written, digest: hash.digest("hex") as Digest }
    })
  return Effect.gen(function* () {
    yield* Effect.promise(() => removeAbandoned(target))
    yield* io(aside, () => makeDirectory(aside))
    const built = yield* Effect.forEach(files, write)
    yield* io(aside, () => fs.writeFile(path.join(aside, index), indexOf(built)))
    yield* mayReplace
    // not to be left half-way, with the cleaning below deleting what is being swapped in
    yield* Effect.uninterruptible(io(target, () => swapIn(aside, target)))
    return built
  }).pipe(Effect.ensuring(Effect.promise(() => discard(aside))))
}
