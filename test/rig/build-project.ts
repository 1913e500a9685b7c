import * as path from "node:path"
import { command } from "./command.ts"

/** Before any test: writes what the project's files hold as one value, which tests of the command line import. */
export const setup = async (): Promise<void> => {
  const root = path.resolve(import.meta.dirname, "../..")
  const built = await command(process.execPath, [path.join(root, "bin/pipeline.mjs"), "--build"], { cwd: root })
  if (built.status !== 0) throw new Error(`the project cannot be built: ${built.stderr}`)
}
