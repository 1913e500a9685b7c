import { execFileSync } from "node:child_process"
import * as path from "node:path"

/** Before any test: writes what the project's files hold as one value, which tests of the command line import. */
export const setup = (): void => {
  const root = path.resolve(import.meta.dirname, "../..")
  execFileSync(process.execPath, [path.join(root, "bin/pipeline.mjs"), "--build"], { cwd: root, stdio: "inherit" })
}
