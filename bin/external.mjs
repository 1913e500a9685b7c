import { readdirSync } from "node:fs"
import { join } from "node:path"
import { packageOf } from "./resolution.mjs"
import { kindAt, realAt } from "./sources.mjs"

const isInstalled = (folder) => folder.includes("/node_modules/")

/** Where packages with native code have what they are built of, or what came of it. */
const NATIVE = ["binding.gyp", "prebuilds", "build/Release"]

/** Whether a linked package has native code, which finds its files by its own place. */
const isNative = (folder) =>
  NATIVE.some((name) => kindAt(join(folder, name)) !== "nothing") ||
  readdirSync(folder).some((name) => name.endsWith(".node"))

/** Whether a package is a link to a folder that somebody may edit while a worker has yet to load it: it is bundled. */
const isEdited = (folder) => !isInstalled(folder) && !isNative(folder)

/** The engine and whatever is written for it share one copy. */
const isEngines = (name) => name === "effect" || name.startsWith("@effect/")

/**
 * Has the bundler leave to Node the packages in `names`, and installed ones that linked packages import, where Node finds from
 * the bundle what the importing file would find. Everything else is bundled, linked packages among it.
 */
export const leaving = (names, bundled, root, { packageFolder }) => {
  const seenFrom = (folder, name) => {
    const found = packageFolder(folder, name)
    return found === null ? null : realAt(found)
  }
  const isOutside = (folder) => !isInstalled(folder) && !folder.startsWith(join(root, "/"))
  return {
    name: "leaving",
    setup: (bundler) =>
      bundler.onResolve({ filter: /^[^./#]/ }, ({ kind, path, resolveDir }) => {
        const name = packageOf(path)
        const isNamed = names.includes(name)
        if (
          kind === "entry-point" ||
          isEngines(name) ||
          bundled.includes(name) ||
          !(isNamed || isOutside(join(resolveDir, "/")))
        )
          return undefined
        const folder = seenFrom(resolveDir, name)
        const isLeft = folder === null ? isNamed : folder === seenFrom(root, name) && !isEdited(folder)
        return isLeft ? { path, external: true } : undefined
      })
  }
}
