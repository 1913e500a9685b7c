import fs from "node:fs"
import path from "node:path"

/** onnxruntime-node carries what it needs on a CPU; its script looks for a GPU, and would fetch more for one. */
const packages = {
  "node_modules/@tensorflow/tfjs-node-gpu": { hasInstallScript: false, gypfile: false },
  "node_modules/onnxruntime-node": { hasInstallScript: false }
}

/**
 * Keeps install scripts of packages off in package-lock.json: npm 10 doesn't know `allowScripts`, but takes these fields
 * from there, the first for the script, the second for the node-gyp run that npm would make up instead.
 * Every `npm install` drops them, and runs this afterwards. Returns whether it wrote.
 */
export const keepInstallScriptsOff = (root) => {
  const file = path.join(root, "package-lock.json")
  if (!fs.existsSync(file)) return false
  const lock = JSON.parse(fs.readFileSync(file, "utf8"))
  let changed = false
  for (const [entry, off] of Object.entries(packages)) {
    const meta = lock.packages?.[entry]
    if (meta === undefined || Object.entries(off).every(([key, value]) => meta[key] === value)) continue
    const { version, resolved, integrity, ...rest } = meta
    lock.packages[entry] = { version, resolved, integrity, ...off, ...rest, ...off }
    changed = true
  }
  if (!changed) return false
  const aside = `${file}.${process.pid}`
  fs.writeFileSync(aside, `${JSON.stringify(lock, null, 2)}\n`)
  fs.renameSync(aside, file)
  return true
}
