#!/usr/bin/env node
/**
 * Gives @tensorflow/tfjs-node-gpu the native TensorFlow it needs, as npm's `postinstall`: libraries from the PyPI wheel,
 * kept in a user cache; the package's own binding, compiled against them. The package's install script stays off: it
 * asks for a libtensorflow of 2022 (`allowScripts` in package.json; lockfile.mjs for npm 10).
 * Exits with 0, or with 1 and one message. Where TensorFlow has no libraries for the machine it says so and exits with 0:
 * the stages that need none work there, and the others refuse by name.
 *
 * HEADRACE_SKIP_TENSORFLOW=1 leaves TensorFlow out; HEADRACE_CACHE moves the cache; PYTHON and CXX name the tools.
 */
import { createHash } from "node:crypto"
import fs from "node:fs"
import { createRequire } from "node:module"
import os from "node:os"
import path from "node:path"
import { fileURLToPath } from "node:url"
import { compile, findCompiler, recipe } from "./provision/binding.mjs"
import { diskFull, diskFullInProject, isDiskFull, ProvisionFailure } from "./provision/failure.mjs"
import { keepInstallScriptsOff } from "./provision/lockfile.mjs"
import { unsupported } from "./provision/platform.mjs"
import { fetchLibraries, findPython, hasLibraries, isWhole, wheel } from "./provision/wheel.mjs"

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const cache =
  process.env.HEADRACE_CACHE || path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "headrace")
const say = (line) => console.log(`tensorflow: ${line}`)

/** npm links the bins of dependencies, not the project's own; `npx pipeline` needs it. */
const linkPipeline = () => {
  const link = path.join(root, "node_modules/.bin/pipeline")
  const target = "../../bin/pipeline.mjs"
  const launcher = path.join(root, "bin/pipeline.mjs")
  if (fs.existsSync(launcher)) fs.chmodSync(launcher, 0o755)
  if (fs.lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() && fs.readlinkSync(link) === target) return
  fs.mkdirSync(path.dirname(link), { recursive: true })
  fs.rmSync(link, { force: true })
  fs.symlinkSync(target, link)
}

const provision = async () => {
  requireDevice()
  const { packageDirectory, napiHeaders } = locatePackages()
  const installed = {
    libraries: path.join(packageDirectory, "deps/lib"),
    binding: path.join(packageDirectory, "lib/napi-v8/tfjs_binding.node"),
    manifest: path.join(packageDirectory, "deps/headrace.json")
  }
  const wanted = { tensorflow: wheel.version, device: "cpu", recipe: recipe(packageDirectory, napiHeaders) }
  if (isProvisioned(installed, wanted)) return

  const started = performance.now()
  const compiler = findCompiler()
  const libraries = path.join(cache, `${wheel.package}-${wheel.version}`)
  const key = createHash("sha256").update(`${wanted.recipe}\n${compiler.version}`).digest("hex")
  const binding = path.join(cache, "bindings", key, "tfjs_binding.node")
  if (!isWhole(libraries)) {
    const python = findPython()
    await inTemporary((temporary) => fetchLibraries({ python, directory: libraries, temporary, say }))
  }
  if (!fs.existsSync(binding)) {
    say(`compiling the Node binding with ${compiler.version}`)
    await inTemporary((temporary) =>
      compile({ packageDirectory, napiHeaders, libraries, compiler, temporary, file: binding })
    )
  }

  fs.rmSync(installed.manifest, { force: true })
  fs.mkdirSync(installed.libraries, { recursive: true })
  fs.mkdirSync(path.dirname(installed.binding), { recursive: true })
  for (const name of Object.keys(wheel.libraries)) {
    link(path.join(libraries, "lib", name), path.join(installed.libraries, name))
    // what the package's own build links against
    const alias = name.replace("_cc", "").replace(/\.2$/, "")
    replace(path.join(installed.libraries, alias), (file) => fs.symlinkSync(name, file))
  }
  replace(installed.binding, (file) => fs.copyFileSync(binding, file))
  const manifest = { ...wanted, binding: sha256(installed.binding) }
  replace(installed.manifest, (file) => fs.writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`))
  say(`${wheel.version} (cpu) is ready, ${((performance.now() - started) / 1000).toFixed(1)} s`)
}

const requireDevice = () => {
  const device = process.env.HEADRACE_TENSORFLOW || "cpu"
  if (device === "cpu") return
  throw new ProvisionFailure({
    what: `HEADRACE_TENSORFLOW is "${device}"`,
    expected: '"cpu", the one device Headrace installs TensorFlow for so far',
    fix: "Unset HEADRACE_TENSORFLOW and run npm ci again."
  })
}

const locatePackages = () => {
  const require = createRequire(import.meta.url)
  try {
    return {
      packageDirectory: path.dirname(require.resolve("@tensorflow/tfjs-node-gpu/package.json")),
      napiHeaders: require("node-api-headers").include_dir
    }
  } catch (error) {
    throw new ProvisionFailure({
      what: `The package to provision isn't installed (${error.message.split("\n")[0]})`,
      expected: "@tensorflow/tfjs-node-gpu and node-api-headers in node_modules",
      fix: "Run npm ci."
    })
  }
}

/** Whether an earlier run left everything `wanted` in place. */
const isProvisioned = ({ libraries, binding, manifest }, wanted) => {
  try {
    const { binding: digest, ...rest } = JSON.parse(fs.readFileSync(manifest, "utf8"))
    return JSON.stringify(rest) === JSON.stringify(wanted) && hasLibraries(libraries) && sha256(binding) === digest
  } catch {
    return false
  }
}

const sha256 = (file) => createHash("sha256").update(fs.readFileSync(file)).digest("hex")

/** Hard links outlive the cache; another file system gets a symbolic link. */
const link = (from, to) =>
  replace(to, (file) => {
    try {
      fs.linkSync(from, file)
    } catch {
      fs.symlinkSync(from, file)
    }
  })

const replace = (file, write) => {
  const aside = `${file}.${process.pid}`
  fs.rmSync(aside, { force: true })
  write(aside)
  fs.renameSync(aside, file)
  fs.rmSync(aside, { force: true }) // a rename onto a hard link of the same file leaves both
}

/** A directory beside the cache's entries, so that a rename is atomic; removed at the end, or a day after a kill -9. */
const inTemporary = async (use) => {
  const temporary = makeTemporary()
  const remove = () => fs.rmSync(temporary, { recursive: true, force: true })
  process.once("exit", remove)
  try {
    return await use(temporary)
  } finally {
    remove()
    process.off("exit", remove)
  }
}

const makeTemporary = () => {
  try {
    fs.mkdirSync(cache, { recursive: true })
    removeAbandoned()
    return fs.mkdtempSync(path.join(cache, "tmp-"))
  } catch (error) {
    if (isDiskFull(error.message)) throw error
    throw new ProvisionFailure({
      what: `The cache can't be written (${error.message})`,
      expected: "a directory of yours that keeps TensorFlow between installations",
      fix: "Set HEADRACE_CACHE to one, and run npm ci again."
    })
  }
}

const removeAbandoned = () => {
  for (const name of fs.readdirSync(cache).filter((name) => name.startsWith("tmp-"))) {
    const directory = path.join(cache, name)
    const modified = fs.statSync(directory, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY
    if (Date.now() - modified > 24 * 3600 * 1000) fs.rmSync(directory, { recursive: true, force: true })
  }
}

process.once("SIGINT", () => process.exit(130))
process.once("SIGTERM", () => process.exit(143))
const machine = unsupported()
try {
  // a launcher that refuses needs no name, and a link may take rights there that nobody has
  if (process.platform !== "win32") linkPipeline()
  if (keepInstallScriptsOff(root)) say("package-lock.json: kept install scripts of native packages off")
  if (process.env.HEADRACE_SKIP_TENSORFLOW === "1") {
    say("skipped, since HEADRACE_SKIP_TENSORFLOW is 1; node bin/provision-tensorflow.mjs installs it later")
  } else if (machine !== null) {
    say(
      `left out: this machine is ${machine}, and its libraries are for linux x64 with glibc; a stage that needs it says so`
    )
  } else {
    await provision()
  }
} catch (error) {
  const isFull = !(error instanceof ProvisionFailure) && isDiskFull(`${error.code} ${error.message}`)
  const place = error.dest ?? error.path ?? cache
  const failure = !isFull ? error : place.startsWith(root) ? diskFullInProject(root) : diskFull(cache, 1200)
  console.error(`tensorflow: ${failure instanceof ProvisionFailure ? failure.message : failure.stack}`)
  process.exit(1)
}
