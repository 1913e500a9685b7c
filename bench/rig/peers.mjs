import { createHash } from "node:crypto"
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import os from "node:os"
import path from "node:path"
import { run } from "./process-tree.mjs"
import { root } from "./product.mjs"

const cache =
  process.env.HEADRACE_CACHE || path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "headrace")
const environment = path.join(cache, "bench-venv")
const requirements = path.join(root, "bench/peers/requirements.txt")

/** A program of the peers' environment, which is made when it is missing or its requirements changed. */
export const program = async (name) => {
  const wanted = createHash("sha256").update(readFileSync(requirements)).digest("hex")
  const stamp = path.join(environment, "requirements.sha256")
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
    console.error(`Installing the peers of bench/peers/requirements.txt into ${environment} (once, about a minute)`)
    rmSync(environment, { recursive: true, force: true })
    await run(process.env.PYTHON || "python3", ["-m", "venv", environment])
    await run(path.join(environment, "bin/python"), ["-m", "pip", "install", "--quiet", "-r", requirements])
    writeFileSync(stamp, wanted)
  }
  return path.join(environment, "bin", name)
}

/** Runs a script of bench/peers, and reads the JSON it prints last. */
export const peer = async (script, args) => {
  const python = await program("python")
  const env = { TF_CPP_MIN_LOG_LEVEL: "3", PYTHONDONTWRITEBYTECODE: "1" }
  const { stdout } = await run(python, [path.join(root, "bench/peers", script), ...args.map(String)], { env })
  return JSON.parse(stdout.trim().split("\n").at(-1))
}

/** The pinned versions of some peers, by name. */
export const versionsOf = (...names) => {
  const pins = Object.fromEntries(
    readFileSync(requirements, "utf8")
      .split("\n")
      .filter((line) => line.includes("=="))
      .map((line) => line.trim().split("=="))
  )
  return Object.fromEntries(names.map((name) => [name, pins[name]]))
}
