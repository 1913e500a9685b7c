import { execFile } from "node:child_process"
import * as fs from "node:fs"
import { homedir } from "node:os"
import * as path from "node:path"
import { promisify } from "node:util"

const cache =
  process.env.HEADRACE_CACHE ?? path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache"), "headrace")
const run = promisify(execFile)

/** Runs a program in Python, and reads what it prints as JSON. */
export type Python = (
  program: string,
  args: ReadonlyArray<string>,
  env?: Readonly<Record<string, string>>
) => Promise<unknown>

/** Python with these packages, in a virtual environment of the user's cache that is made once. */
export const pythonWith = async (name: string, requirements: ReadonlyArray<string>): Promise<Python> => {
  const environment = path.join(cache, `${name}-${requirements.join("-").replaceAll("==", "_")}`)
  const python = path.join(environment, "bin", "python")
  const ready = path.join(environment, "ready")
  if (!fs.existsSync(ready)) {
    await run("python3", ["-m", "venv", environment])
    await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...requirements])
    fs.writeFileSync(ready, "")
  }
  return async (program, args, env = {}) => {
    const options = { maxBuffer: 1e8, env: { ...process.env, ...env } }
    return JSON.parse((await run(python, ["-c", program, ...args], options)).stdout)
  }
}
