import { existsSync } from "node:fs"
import { dirname, join } from "node:path"

/** Where the program lies that this launcher belongs to: its checkout, or its folder in `node_modules`. */
export const CORE = dirname(import.meta.dirname)

const isCheckout = existsSync(join(CORE, "cli", "main.ts"))

/** A source of the program, such as `cli/main.ts`; where it is installed, what was compiled of it. */
export const programFile = (source) =>
  isCheckout ? join(CORE, source) : join(CORE, "dist", source.replace(/\.ts$/, ".js"))

/** By which source's name a file of the program goes, from its real path; null for any other file. */
export const sourceNameOf = (path) => {
  const folder = isCheckout ? CORE : join(CORE, "dist")
  if (!path.startsWith(join(folder, "/"))) return null
  const name = path.slice(folder.length + 1)
  return isCheckout ? name : name.replace(/\.js$/, ".ts")
}
