import fs from "node:fs"
import path from "node:path"

const entry = "node_modules/@tensorflow/tfjs-node-gpu"
const off = { hasInstallScript: false, gypfile: false }

/**
 * Keeps the package's own install off in package-lock.json: npm 10 doesn't know `allowScripts`, but takes these two
 * fields from there, the first for its install script, the second for the node-gyp run that npm would make up instead.
 * Every `npm install` drops them, and runs this afterwards. Returns whether it wrote.
 */
export const keepInstallScriptOff = (root) => {
  const file = path.join(root, "package-lock.json")
  if (!fs.existsSync(file)) return false
  const text = fs.readFileSync(file, "utf8")
  const lock = JSON.parse(text)
  const meta = lock.packages?.[entry]
  if (meta === undefined || Object.entries(off).every(([key, value]) => meta[key] === value)) return false
  const { version, resolved, integrity, ...rest } = meta
  lock.packages[entry] = { version, resolved, integrity, ...off, ...rest, ...off }
  const aside = `${file}.${process.pid}`
  fs.writeFileSync(aside, `${JSON.stringify(lock, null, 2)}\n`)
  fs.renameSync(aside, file)
  return true
}
