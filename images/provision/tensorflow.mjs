/**
 * Gives @tensorflow/tfjs-node-gpu the native TensorFlow it needs: libraries from the PyPI wheel, kept in a user cache; the
 * package's own binding, compiled against them. The package's install script stays off: it asks for a libtensorflow of 2022.
 *
 * HEADRACE_SKIP_TENSORFLOW=1 leaves TensorFlow out; HEADRACE_CACHE moves the cache; PYTHON and CXX name the tools.
 */
import { createHash } from "node:crypto"
import fs from "node:fs"
import { createRequire } from "node:module"
import os from "node:os"
import path from "node:path"
import { compile, findCompiler, recipe } from "./binding.mjs"
import { diskFull, diskFullInProject, isDiskFull, ProvisionFailure } from "./failure.mjs"
import { unsupported } from "./platform.mjs"
import { fetchLibraries, findPython, hasLibraries, isWhole, wheel } from "./wheel.mjs"

const cache =
  process.env.HEADRACE_CACHE || path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "headrace")
const say = (line) => console.log(`tensorflow: ${line}`)

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
    fix: "Unset HEADRACE_TENSORFLOW and run npx headrace-images provision."
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
      fix: "Run npm install."
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
      fix: "Set HEADRACE_CACHE to one, and run npx headrace-images provision."
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

/** The folder whose `node_modules` a path of a package lies in; null for any other path. */
const projectOf = (place) => (place.includes("/node_modules/") ? place.split("/node_modules/", 1)[0] : null)

/** What is told of an error: of one that is none of ours, where it was thrown. */
const told = (error) => {
  if (error instanceof ProvisionFailure) return error.message
  if (!isDiskFull(`${error.code} ${error.message}`)) return error.stack
  const project = projectOf(error.dest ?? error.path ?? cache)
  return (project === null ? diskFull(cache, 1200) : diskFullInProject(project)).message
}

/**
 * Provisions TensorFlow for the installation that this file belongs to; ends the process with 1 and one message where that fails.
 * Where TensorFlow has no libraries for the machine it says so: the stages that need none work there, and the others refuse by name.
 */
export const provisionTensorflow = async () => {
  process.once("SIGINT", () => process.exit(130))
  process.once("SIGTERM", () => process.exit(143))
  const machine = unsupported()
  if (process.env.HEADRACE_SKIP_TENSORFLOW === "1")
    return say("skipped, since HEADRACE_SKIP_TENSORFLOW is 1; npx headrace-images provision installs it later")
  if (machine !== null)
    return say(
      `left out: this machine is ${machine}, and its libraries are for linux x64 with glibc; a stage that needs it says so`
    )
  try {
    await provision()
  } catch (error) {
    console.error(`tensorflow: ${told(error)}`)
    process.exit(1)
  }
}
