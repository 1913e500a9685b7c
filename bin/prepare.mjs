// What npm runs after an installation in this repository, and before it packs it: it links the project's own command, keeps scripts of packages
// off and provisions TensorFlow.
import { chmodSync, existsSync, lstatSync, mkdirSync, readlinkSync, realpathSync, rmSync, symlinkSync } from "node:fs"
import { dirname, join } from "node:path"
import { provisionTensorflow } from "../images/provision/tensorflow.mjs"
import { keepInstallScriptsOff } from "./lockfile.mjs"

const root = dirname(import.meta.dirname)

/** npm links the bins of dependencies, not the project's own; `npx pipeline` needs it. */
const linkPipeline = () => {
  const link = join(root, "node_modules/.bin/pipeline")
  const target = "../../bin/pipeline.mjs"
  chmodSync(join(root, "bin/pipeline.mjs"), 0o755)
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(link) === target) return
  mkdirSync(dirname(link), { recursive: true })
  rmSync(link, { force: true })
  symlinkSync(target, link)
}

/** Whether this is the clone that npm makes of a git dependency, to pack it: nothing is ever computed there. */
const isClone = () => {
  const { npm_config_cache: cache } = process.env
  return cache !== undefined && existsSync(cache) && root.startsWith(join(realpathSync(cache), "_cacache", "tmp", "/"))
}

// a launcher that refuses needs no name, and a link may take rights there that nobody has
if (process.platform !== "win32") linkPipeline()
if (keepInstallScriptsOff(root)) console.log("package-lock.json: kept install scripts of native packages off")
if (!isClone()) await provisionTensorflow()
