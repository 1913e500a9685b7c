import { syncBuiltinESMExports } from "node:module"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { given } from "./given-remote.ts"
import { watchChance } from "./watched-chance.ts"
import { watchEnvironment } from "./watched-environment.ts"
import { watchFiles } from "./watched-files.ts"

// Imported before anything else of a worker, so that it hears what the files of the program read when they are loaded.

const { PIPELINE_HOME: home = "." } = process.env
const { PIPELINE_REMOTE: remote = "" } = given?.variables ?? {}
/** A shared store that is a folder; one with a scheme is reached otherwise. */
const shared = path.isAbsolute(remote) ? [remote] : []

watchFiles({ own: [path.resolve(home), ...shared, path.dirname(fileURLToPath(import.meta.url))] })
watchEnvironment()
watchChance()
// what `import { readFileSync } from "node:fs"` and `import { env } from "node:process"` give
syncBuiltinESMExports()
