/**
 * Writing of files that others may be reading.
 *
 * @module
 */
import fs from "node:fs"
import path from "node:path"
import { Effect } from "effect"
import * as Disk from "../cache/disk.ts"
import * as Unfinished from "../cache/unfinished.ts"
import { type SourceUnreadable, unreadable } from "./SourceError.ts"

/** Has the folder there that a file is to lie in. A file in the place of one of a store's folders is put aside, and whoever listens to the store is told. */
export const makeFolder = (file: string): Effect.Effect<void, SourceUnreadable> =>
  Effect.mapError(Disk.makeFolder(path.dirname(file)), unreadable(file))

/** Writes a file beside its place and renames it into that, so that a reader sees all of it or what was there before. */
export const write = (file: string, contents: string | Uint8Array): Effect.Effect<void, SourceUnreadable> => {
  const temporary = Unfinished.nameIn(path.dirname(file))
  const writing = Effect.try({
    try: () => {
      fs.writeFileSync(temporary, contents)
      fs.renameSync(temporary, file)
    },
    catch: unreadable(file)
  })
  return Effect.zipRight(makeFolder(file), writing).pipe(
    Effect.tapError(() => Effect.ignore(Effect.try(() => fs.rmSync(temporary, { force: true }))))
  )
}
