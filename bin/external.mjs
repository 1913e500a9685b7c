import { readdirSync } from "node:fs"
import { join, relative } from "node:path"
import { isServing } from "./kernel.mjs"
import { packageOf } from "./resolution.mjs"
import { isOf } from "./source-packages.mjs"
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
 * Has the bundler leave out packages that serve others, where it is others that import them: what the project's own files import, and those
 * of packages written for Headrace, is read and counts, if it is among `names`.
 */
export const leavingServing = (names, packages) => ({
  name: "serving",
  setup: (bundler) =>
    bundler.onResolve({ filter: /^[^./#]/ }, ({ path, resolveDir }) => {
      const name = packageOf(path)
      const folder = join(resolveDir, "/")
      const isOwn = !isInstalled(folder) || isOf(packages, folder)
      return isServing(name) && !(isOwn && names.includes(name)) ? { path, external: true } : undefined
    })
})

const NESTED = "nested"

/**
 * Has the bundler leave to Node the packages in `names`, and installed ones that linked packages import, where Node finds from
 * the bundle, which comes to lie in `directory`, what the importing file would find. What npm gave to one of `packages`, those written for
 * Headrace, as a copy of its own is left to Node by its path. Everything else is bundled, linked packages among it.
 */
export const leaving = (names, packages, { root, directory, resolution }) => {
  const seenFrom = (folder, name) => {
    const found = resolution.packageFolder(folder, name)
    return found === null ? null : realAt(found)
  }
  const isOutside = (folder) => !isInstalled(folder) && !folder.startsWith(join(root, "/"))
  return {
    name: "leaving",
    setup: (bundler) =>
      bundler.onResolve({ filter: /^[^./#]/ }, async ({ kind, path, importer, resolveDir, pluginData }) => {
        const name = packageOf(path)
        const isNamed = names.includes(name)
        if (
          kind === "entry-point" ||
          pluginData === NESTED ||
          isEngines(name) ||
          packages.some((each) => each.name === name) ||
          !(isNamed || isOutside(join(resolveDir, "/")))
        )
          return undefined
        const folder = seenFrom(resolveDir, name)
        const isLeft = folder === null ? isNamed : folder === seenFrom(root, name) && !isEdited(folder)
        if (isLeft) return { path, external: true }
        if (folder === null || !isInstalled(folder) || !isOf(packages, join(resolveDir, "/"))) return undefined
        const { path: file, errors } = await bundler.resolve(path, { kind, importer, resolveDir, pluginData: NESTED })
        return errors.length > 0 ? undefined : { path: relative(directory, file), external: true }
      })
  }
}
