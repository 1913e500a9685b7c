import * as fs from "node:fs"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { changeBuild } from "./changed-build.ts"
import { folder } from "./folder.ts"

/** Which process's calls fail: the command's own, or those of the processes that compute for it. */
export type Who = "command" | "worker"

export interface Failing {
  readonly who: Who
  /** Calls on files below this folder count. */
  readonly under: string
  /** The number of the call that fails, from 1; null to count them. */
  readonly at: number | null
  readonly code: string
  /** Whether all calls after it fail as well. */
  readonly fromThenOn: boolean
}

// It is loaded before anything else, so that whoever takes functions of these modules takes these.
const PROGRAM = `
import fs from "node:fs"
import fsp from "node:fs/promises"
import { syncBuiltinESMExports } from "node:module"
import { isMainThread } from "node:worker_threads"

const { who, under, at, code, fromThenOn } = FAILING
const isWorker = /start\\.mjs$/.test(process.argv[1] ?? "")
let calls = 0
const failure = (name, file) => {
  if (typeof file !== "string" || !file.startsWith(under)) return null
  calls += 1
  if (at === null || calls < at || (calls > at && !fromThenOn)) return null
  return Object.assign(new Error(code + ": told to fail, " + name + " '" + file + "'"), { code, errno: -5, syscall: name, path: file })
}
if (isMainThread && isWorker === (who === "worker")) {
  const NAMES = ["open", "readFile", "writeFile", "appendFile", "mkdir", "rename", "link", "rm", "stat", "lstat", "readdir", "chmod", "utimes", "unlink", "rmdir"]
  const ofHandles = new WeakMap()
  const ofNumbers = new Map()
  for (const name of NAMES) {
    const later = fsp[name]
    if (later !== undefined)
      fsp[name] = async (file, ...rest) => {
        const failed = failure(name, file)
        if (failed !== null) throw failed
        const made = await later(file, ...rest)
        if (name === "open") ofHandles.set(made, file)
        return made
      }
    const now = fs[name + "Sync"]
    fs[name + "Sync"] = (file, ...rest) => {
      const failed = failure(name, file)
      if (failed !== null) throw failed
      const made = now(file, ...rest)
      if (name === "open") ofNumbers.set(made, file)
      return made
    }
  }
  for (const name of ["readSync", "fstatSync", "writeSync"]) {
    const own = fs[name]
    fs[name] = (number, ...rest) => {
      const failed = failure(name, ofNumbers.get(number))
      if (failed !== null) throw failed
      return own(number, ...rest)
    }
  }
  const handle = await fsp.open(process.execPath)
  const prototype = Object.getPrototypeOf(handle)
  await handle.close()
  for (const name of ["read", "writeFile", "sync", "stat"]) {
    const own = prototype[name]
    prototype[name] = async function (...given) {
      const failed = failure(name, ofHandles.get(this))
      if (failed !== null) throw failed
      return own.apply(this, given)
    }
  }
  syncBuiltinESMExports()
  const { writeFileSync } = fs
  process.on("exit", () => writeFileSync(COUNTED, String(calls)))
  // a worker may be ended before it ends itself
  if (isWorker) setInterval(() => writeFileSync(COUNTED, String(calls)), 20).unref()
}
`

/** Has some system calls fail of the commands of a project, which was built, and of what computes for them; `undo` ends that. */
export const failingCalls = (root: string, failing: Failing) => {
  const at = folder("headrace-failing")
  const counted = path.join(at, "counted")
  const program = path.join(at, "failing.mjs")
  const text = PROGRAM.replace("FAILING", JSON.stringify(failing)).replaceAll("COUNTED", JSON.stringify(counted))
  fs.writeFileSync(program, text)
  const { href } = pathToFileURL(program)
  // a worker takes no options of its command's Node
  const builds = path.join(root, ".pipeline/build")
  const starts = fs.readdirSync(builds).map((build) => path.join(builds, build, "start.mjs"))
  const before = starts.filter((file) => fs.existsSync(file)).map((file) => [file, fs.readFileSync(file)] as const)
  for (const [file, start] of before) changeBuild(file, `import ${JSON.stringify(href)}\n${start}`)
  return {
    env: failing.who === "command" ? { NODE_OPTIONS: `--import ${href}` } : {},
    /** How many there were, once the command is over. */
    calls: () => (fs.existsSync(counted) ? Number(fs.readFileSync(counted, "utf8")) : 0),
    undo: () => {
      for (const [file, start] of before) changeBuild(file, start)
    }
  }
}
