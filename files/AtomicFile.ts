/**
 * Writing of files that others may be reading.
 *
 * @module
 */
import fs from "node:fs"
import path from "node:path"
import { Effect } from "effect"
import * as Unfinished from "../cache/unfinished.ts"
import { type SourceUnreadable, unreadable } from "./SourceError.ts"

/** Writes a file beside its place and renames it into that, so that a reader sees all of it or what was there before. */
export const write = (file: string, contents: string | Uint8Array): Effect.Effect<void, SourceUnreadable> => {
  const temporary = Unfinished.nameIn(path.dirname(file))
  return Effect.try({
    try: () => {
      fs.mkdirSync(path.dirname(file), { recursive: true })
      fs.writeFileSync(temporary, contents)
      fs.renameSync(temporary, file)
    },
    catch: unreadable(file)
  }).pipe(Effect.tapError(() => Effect.ignore(Effect.try(() => fs.rmSync(temporary, { force: true })))))
}
