import { isBuiltin } from "node:module"
import { basename, dirname, join, resolve } from "node:path"
import { kindAt, realAt, upwards } from "./sources.mjs"

const ENDINGS = [".tsx", ".ts", ".jsx", ".js", ".css", ".json"]
const REWRITTEN = { ".js": [".ts", ".tsx"], ".jsx": [".ts", ".tsx"], ".mjs": [".mts"], ".cjs": [".cts"] }

/** Files that a path without its exact ending may mean. */
const alternatives = (path) => [
  ...ENDINGS.map((ending) => `${path}${ending}`),
  ...Object.entries(REWRITTEN).flatMap(([from, to]) =>
    path.endsWith(from) ? to.map((ending) => `${path.slice(0, -from.length)}${ending}`) : []
  ),
  join(path, "package.json"),
  ...ENDINGS.map((ending) => join(path, `index${ending}`))
]

export const packageOf = (specifier) =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/")

const isRelative = (specifier) => /^\.{0,2}\//.test(specifier) || specifier === "." || specifier === ".."

/**
 * What decides where imports lead, beside the files that are read: `places` that were looked at, or would be before the one
 * that was found, with what is there, and `links`, by which of their paths files were found, with where that leads.
 */
export const resolutionOf = (sources) => {
  const places = new Map()
  const links = new Map()
  const probe = (path) => {
    if (!places.has(path)) places.set(path, kindAt(path))
  }

  /** A path that led to `target`, by itself or by what may stand for it. */
  const found = (path, target) => {
    for (const each of [path, ...alternatives(path)]) {
      const real = kindAt(each) === "file" ? realAt(each) : null
      if (real !== null && real === target) {
        if (each !== real) links.set(each, real)
        return true
      }
      probe(each)
    }
    return false
  }

  /** The manifest that says how the files of a folder are to be read. */
  const manifestFrom = (folder) => {
    for (const at of upwards(folder)) {
      const file = join(at, "package.json")
      probe(file)
      if (kindAt(file) === "file") return file
      if (basename(at) === "node_modules") return null
    }
    return null
  }

  /** The folder of a package as seen from another, by the path that finds it; null where it is not installed. */
  const packageFolder = (folder, name) => {
    for (const at of upwards(folder)) {
      if (basename(at) === "node_modules") continue
      const packages = join(at, "node_modules")
      probe(packages)
      if (kindAt(packages) !== "folder") continue
      const candidate = join(packages, name)
      probe(candidate)
      if (kindAt(join(candidate, "package.json")) !== "file") continue
      const real = realAt(candidate)
      if (real !== null && real !== candidate) links.set(candidate, real)
      return candidate
    }
    return null
  }

  /**
   * Follows one import of a file in `folder` to `target`, a real path, or null where it stays outside; gives the package that
   * it went into as `{ name, folder }`, null for the project's own.
   */
  const follow = (folder, specifier, target, mapped) => {
    if (isBuiltin(specifier) || specifier.startsWith("#")) return null
    if (isRelative(specifier)) {
      if (target !== null) found(resolve(folder, specifier), target)
      return null
    }
    for (const path of mapped(specifier)) if (target !== null && found(path, target)) return null
    const name = packageOf(specifier)
    const lookedUp = packageFolder(folder, name)
    if (lookedUp === null) return null
    const manifest = sources.json(join(lookedUp, "package.json"))
    const inner = specifier.slice(name.length + 1) || manifest.main || "index.js"
    if (target !== null && manifest.exports === undefined) found(join(lookedUp, inner), target)
    return { name, folder: realAt(lookedUp) ?? lookedUp }
  }

  return { places, links, probe, follow, packageFolder, manifestFrom: (file) => manifestFrom(dirname(file)) }
}
