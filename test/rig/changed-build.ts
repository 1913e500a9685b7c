import * as fs from "node:fs"
import * as path from "node:path"

// a program without types, as the launcher is
const whole: { readonly writeDigests: (build: string) => void } = await import(
  path.resolve(import.meta.dirname, "../../bin/whole.mjs")
)

/** Writes a file of a build, which is said to have been made so: one that is not as it was made is made anew. */
export const changeBuild = (file: string, text: string | Uint8Array): void => {
  fs.writeFileSync(file, text)
  whole.writeDigests(path.dirname(file))
}
