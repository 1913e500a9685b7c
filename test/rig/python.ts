import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import { homedir } from "node:os"
import * as path from "node:path"
import { promisify } from "node:util"
import { root } from "./bundle.ts"

const cache = () =>
  process.env.HEADRACE_CACHE ?? path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache"), "headrace")

/** `readers`: pyarrow and DuckDB; `keras`: Keras on JAX; `onnx`: the ONNX runtime and ONNX' own checker; `stores`: SeaweedFS, moto and rclone, servers of S3. The packages stand in `python/NAME.txt`. */
export type Environment = "readers" | "keras" | "onnx" | "stores"

/** Where `python/install.sh` makes the virtual environment. */
export const environmentOf = (name: Environment): string => {
  const requirements = fs.readFileSync(path.join(root, "test/rig/python", `${name}.txt`))
  return path.join(cache(), "python", `${name}-${createHash("sha256").update(requirements).digest("hex").slice(0, 16)}`)
}

/** Runs a program in an environment's Python, and reads what it prints as JSON. */
export const python = async (
  name: Environment,
  program: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
): Promise<unknown> => {
  const options = { maxBuffer: 1e8, env: { ...process.env, ...env } }
  const { stdout } = await promisify(execFile)(
    path.join(environmentOf(name), "bin/python"),
    ["-c", program, ...args],
    options
  )
  return JSON.parse(stdout)
}
