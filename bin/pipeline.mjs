#!/usr/bin/env node
// The launcher: makes sure that the bundle is that of the sources as they are now, and runs it. It must stay small and
// without dependencies, since every command starts here.
import { existsSync, readFileSync, realpathSync, renameSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import vm from "node:vm"
import { closed, isWhole, opened, STARTED_FROM, WORKED_FROM } from "./whole.mjs"

const asksJson = process.argv.includes("--json")

/** Tells of a failure, to people or programs, and ends. */
const fail = (error, exitCode = 1) => {
  if (asksJson) console.log(JSON.stringify({ schema: 1, status: "failed", error }))
  else console.error(`error: ${error.what}; expected ${error.expected}. ${error.fix}`)
  process.exit(exitCode)
}

/** What Windows does otherwise: folders and files in use are not renamed or replaced, and signals end no process cleanly. */
const UNSUPPORTED = {
  tag: "PlatformUnsupported",
  what: "Headrace does not run on Windows itself",
  expected: "Linux, or macOS for all but the stages that need TensorFlow",
  fix: "Run it in the Windows Subsystem for Linux (wsl --install), with the project on its own disk."
}
if (process.platform === "win32") fail(UNSUPPORTED)

/** Makes a project: the one command that needs none. */
const initialize = async ([to, ...more]) => {
  const usage = {
    tag: "UsageInvalid",
    what:
      to === undefined
        ? "pipeline init names no folder"
        : `pipeline init takes one folder, and was given ${more.length + 1}`,
    expected: "the folder of a new project",
    fix: "Try pipeline init my-project."
  }
  if (to === undefined || to.startsWith("-") || more.length > 0) fail(usage, 2)
  const { init } = await import("./init.mjs")
  try {
    const { folder, headrace } = init(to)
    const next = `cd ${to} && npm install && npx pipeline run rents`
    if (asksJson) console.log(JSON.stringify({ schema: 1, status: "done", folder, headrace, next }))
    else
      console.log(
        `${folder}: a project with one pipeline, a test and a README\nHeadrace comes from ${headrace}\n\nnext: ${next}`
      )
    process.exit(0)
  } catch ({
    message,
    expected = "a folder that you may write to",
    fix = "Correct its permissions, or name another."
  }) {
    fail({ tag: "InitFailed", what: message, expected, fix })
  }
}
if (process.argv[2] === "init") await initialize(process.argv.slice(3).filter((arg) => arg !== "--json"))

/** The folder of the project that a command is given in: the nearest one upwards that says that it is one. */
const projectFrom = (folder) => {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, "headrace.config.ts"))) return at
    if (at === dirname(at)) return null
  }
}

const found = projectFrom(process.cwd())
if (found === null)
  fail(
    {
      tag: "NoProject",
      what: `There is no project here: neither ${process.cwd()} nor a folder above it has a headrace.config.ts`,
      expected: "a command that is given in a project's folder, or below it",
      fix: "Go there, or make one: pipeline init my-project."
    },
    2
  )
// links resolved, as the bundler finds files
const root = realpathSync(found)
const buildHome = join(root, ".pipeline", "build")

/** What tells that a file, or the listing of a folder, was not touched; null where nothing is. Paths are absolute. */
const stampOf = (path) => {
  try {
    // throws, whatever it is asked, for what lies below a file or behind a link to itself
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
    return stat === undefined
      ? null
      : `${stat.isDirectory() ? "" : stat.size} ${stat.mtimeNs} ${stat.ctimeNs} ${stat.ino}`
  } catch {
    return null
  }
}

/** The current build, if it is there as it was made, and nothing that it was made of was touched since. */
const current = () => {
  const file = join(buildHome, "current.json")
  try {
    // reading a FIFO or a device would not end
    if (!statSync(file, { bigint: true }).isFile()) return null
    const { id, stamps } = JSON.parse(readFileSync(file, "utf8"))
    for (const path in stamps) if (stampOf(resolve(root, path)) !== stamps[path]) return null
    return isWhole(join(buildHome, id), STARTED_FROM) ? { directory: join(buildHome, id), remove: null } : null
  } catch {
    return null
  }
}

/** Ends a command that is told to end while it builds, as `cli/process-end.ts` does later; a half build is nobody's. */
const interrupted = () => {
  if (asksJson) {
    const error = {
      tag: "Interrupted",
      what: "The command was interrupted while it was built",
      expected: "that it may finish",
      fix: "Run it again."
    }
    console.log(JSON.stringify({ schema: 1, status: "interrupted", error }))
  }
  process.exit(130)
}
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"]

const build = async () => {
  const { build, stop } = await import("./build.mjs")
  const giveUp = () => {
    stop()
    interrupted()
  }
  for (const signal of SIGNALS) process.once(signal, giveUp)
  const built = await build({ root, buildHome, stampOf })
  for (const signal of SIGNALS) process.off(signal, giveUp)
  return built
}

/**
 * Makes the program of worker processes anew where it is damaged: the sources are mostly as they were, and the same comes out. Where they are others by now,
 * the next command builds these.
 */
const mendWorkers = async (directory) => {
  if (isWhole(directory, WORKED_FROM)) return
  const { build } = await import("./build.mjs")
  await build({ root, buildHome, stampOf })
}

/** Runs the bundle from V8's code cache: parsing and compiling it anew takes longer than most commands. */
const run = (directory) => {
  const file = join(directory, "cli.cjs")
  const now = new Date()
  try {
    utimesSync(directory, now, now)
  } catch {
    // a read-only checkout removes no old builds either
  }
  const cacheFile = join(directory, `cli.${process.version}.${process.arch}.cache`)
  let cachedData
  try {
    // one that is damaged is made anew, as one that V8 refuses: nobody loses anything by it
    cachedData = opened(readFileSync(cacheFile)) ?? undefined
  } catch {
    // the first run of a build makes it
  }
  const script = new vm.Script(readFileSync(file, "utf8"), {
    filename: file,
    ...(cachedData === undefined ? {} : { cachedData })
  })
  const main = script.runInThisContext()
  // beside the bundle packages are found as the project finds them
  const beside = join(directory, "import.mjs")
  const importModule = async (name) => (await import(pathToFileURL(beside).href)).default(name)
  main(createRequire(beside), pathToFileURL(beside).href, {
    root,
    build: directory,
    isProgram: root === dirname(import.meta.dirname),
    importModule,
    mendWorkers: () => mendWorkers(directory),
    page: async () => (await import("./page.mjs")).page()
  })
  if (cachedData !== undefined && !script.cachedDataRejected) return
  process.once("exit", () => {
    try {
      // after the run, so that what it compiled lazily is in
      writeFileSync(`${cacheFile}.${process.pid}`, closed(script.createCachedData()))
      renameSync(`${cacheFile}.${process.pid}`, cacheFile)
    } catch {
      // a read-only checkout starts a little slower
    }
  })
}

/** Of many errors of the bundler so many are told. */
const MOST_TOLD = 3

/** The bundler's list of errors, those in the project's own files first, or whatever else went wrong, in one line. */
const textOf = (error) => {
  if (error.errors === undefined) return error.message ?? String(error)
  const isInstalled = ({ location }) => location?.file.includes("node_modules/") ?? false
  const all = [...error.errors].sort((a, b) => isInstalled(a) - isInstalled(b))
  const told = all
    .slice(0, MOST_TOLD)
    .map(({ text, location }) => (location === null ? text : `${location.file}:${location.line}: ${text}`))
  return `${told.join(", ")}${all.length > MOST_TOLD ? `, and ${all.length - MOST_TOLD} more` : ""}`
}

/** Whether the system opens no more files: `artifacts/OpenFiles.ts` tells of it once the program runs. */
const isExhausted = (error) => /\bE[MN]FILE\b/.test(`${error.code} ${error.message}`)
const EXHAUSTED = {
  expected: "a limit that leaves room for a command, its worker processes and their packages, some hundred files each",
  fix: "Too many files are open: raise the limit (ulimit -n 4096), or close other programs. Run again."
}

/** What was expected of a project that can't be built, and what to do. */
const remedyOf = (error) => {
  if (isExhausted(error)) return EXHAUSTED
  if (error.fix !== undefined) return { expected: error.expected, fix: error.fix }
  return ["EACCES", "EDQUOT", "ENOSPC", "EPERM", "EROFS"].includes(error.code)
    ? {
        expected: "a project folder that you may write to, with room",
        fix: "Correct its permissions, or free some space."
      }
    : {
        expected: "sources that compile, and packages installed by npm install",
        fix: "Correct the source named here, or run npm install."
      }
}

/** Why there is no build, in three parts. */
const unbuilt = (error) => ({
  tag: "BuildFailed",
  what: `The program cannot be built: ${textOf(error)}`,
  ...remedyOf(error)
})

/** What Node says of a package that a script cannot load: it is an ES module alone, or waits while it is loaded. */
const NOT_REQUIRED = ["ERR_PACKAGE_PATH_NOT_EXPORTED", "ERR_REQUIRE_ASYNC_MODULE", "ERR_REQUIRE_ESM"]

/** Why a build does not start, in three parts. A definition that is refused says of itself what is wrong. */
const unstarted = async (error, directory) => {
  const { _tag: tag, what, expected, fix, code, message } = error
  if (tag === "DefinitionInvalid") return { tag, what, expected, fix }
  if (isExhausted(error)) return { tag: "StartFailed", what: `The program cannot start: ${message}`, ...EXHAUSTED }
  const { thrownAt } = await import("./thrown.mjs")
  const at = thrownAt(error, join(directory, "cli.cjs"), root)
  const where = at === null ? "The program cannot start" : `The program cannot start: ${at}`
  const [, name = null] = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(message) ?? []
  return NOT_REQUIRED.includes(code) && name !== null
    ? {
        tag: "StartFailed",
        what: `${where}: the package ${name} is an ES module alone`,
        expected: "packages that a command can load by require, where they are imported at the top of a file",
        fix: `Import it where it is used, by await import("${name}") within run.`
      }
    : {
        tag: "StartFailed",
        // behind the first line Node lists files of its own
        what: `${where}: ${code === "MODULE_NOT_FOUND" ? message.split("\n")[0] : textOf(error)}`,
        expected: "sources that can be loaded, and packages that are installed",
        fix: "Correct what npx tsc names; if it names nothing, run npm install."
      }
}

const made = async () => current() ?? (await build())
const { directory, remove } = await made().catch((error) => fail(unbuilt(error)))
if (remove !== null) process.once("exit", remove)
try {
  if (process.argv[2] !== "--build") run(directory)
} catch (error) {
  fail(await unstarted(error, directory))
}
