import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect } from "effect"
import { causeText, makeDirectory } from "../../cache/disk.ts"
import { StoreFailed } from "../../cache/ObjectStore.ts"
import * as Unfinished from "../../cache/unfinished.ts"
import { discard } from "./swap-in.ts"

/** Writes a file that people open: beside it, then renamed over it, so that nobody opens half of one. */
export const writeAside = (
  file: string,
  content: string | Uint8Array,
  elsewhere = "let PIPELINE_RESULTS name another folder"
): Effect.Effect<void, StoreFailed> => {
  const aside = Unfinished.nameIn(path.dirname(file))
  return Effect.tryPromise({
    try: async () => {
      await makeDirectory(path.dirname(file))
      await fs.writeFile(aside, content)
      await fs.rename(aside, file)
    },
    catch: (cause) =>
      new StoreFailed({
        what: `${file} cannot be written (${causeText(cause)})`,
        expected: "a folder that you may write to, with room",
        fix: `Correct its permissions or free some space, or ${elsewhere}.`
      })
  }).pipe(Effect.onError(() => Effect.promise(() => discard(aside))))
}
