import { syncBuiltinESMExports } from "node:module"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { watchEnvironment } from "./watched-environment.ts"
import { watchFiles } from "./watched-files.ts"

// Imported before anything else of a worker, so that it hears what the files of the program read when they are loaded.

watchFiles({
  own: [path.resolve(process.env.PIPELINE_HOME ?? "."), path.dirname(fileURLToPath(import.meta.url))]
})
watchEnvironment()
// what `import { readFileSync } from "node:fs"` and `import { env } from "node:process"` give
syncBuiltinESMExports()
