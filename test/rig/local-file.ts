import * as fs from "node:fs"
import * as Digest from "../../artifacts/Digest.ts"
import type { Files } from "../../artifacts/Files.ts"

/** A file as a source resolves it; one that isn't there has the digest of nothing. */
export const localFile = (path: string): Files => ({
  path,
  digest: Digest.ofBytes(fs.existsSync(path) && fs.statSync(path).isFile() ? fs.readFileSync(path) : ""),
  label: path,
  notice: null
})
