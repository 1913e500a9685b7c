import * as Digest from "../../artifacts/Digest.ts"
import type { Code } from "../../cache/Key.ts"

/** The code of a stage as a build would have it: another for every text. */
export const codeOf = (text: string, files: Readonly<Record<string, string>> = {}): Code => ({
  digest: Digest.ofBytes(text),
  files: Object.fromEntries(Object.entries(files).map(([file, content]) => [file, Digest.ofBytes(content)])),
  packages: {}
})
