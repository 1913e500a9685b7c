import { isBuiltin } from "node:module"
import { basename, dirname, join, resolve } from "node:path"
import { kindAt as kindNow, realAt as realNow, upwards } from "./sources.mjs"

const ENDINGS = [".tsx", ".ts", ".jsx", ".js", ".css", ".json"]
const REWRITTEN = { ".js": [".ts", ".tsx"], ".jsx": [".ts", ".tsx"], ".mjs": [".mts"], ".cjs": [".cts"] }

/** Sources that a path which names their output may mean. */
const rewritten = (path) =>
  Object.entries(REWRITTEN).flatMap(([from, to]) =>
    path.endsWith(from) ? to.map((ending) => `${path.slice(0, -from.length)}${ending}`) : []
  )

/** Files that a path may mean which lacks its exact ending. */
const endingsOf = (path) => [...ENDINGS.map((ending) => `${path}${ending}`), ...rewritten(path)]

/** Files that the path of a folder may mean. */
const indexesOf = (path) => ENDINGS.map((ending) => join(path, `index${ending}`))

export const packageOf = (specifier) =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/")

export const isRelative = (specifier) => /^\.{0,2}\//.test(specifier) || specifier === "." || specifier === ".."

/** All paths in what a manifest has for one name, whatever the conditions. */
const pathsIn = (value) =>
  typeof value === "string"
    ? [value]
    : typeof value === "object" && value !== null
      ? Object.values(value).flatMap(pathsIn)
      : []

/** What a map of patterns, each with one star at most, may give for a specifier. */
export const substituted = (map, specifier) =>
  Object.entries(map).flatMap(([pattern, value]) => {
    const [before, after] = pattern.split("*")
    if (after === undefined) return pattern === specifier ? pathsIn(value) : []
    const end = specifier.length - after.length
    if (end < before.length || !specifier.startsWith(before) || !specifier.endsWith(after)) return []
    return pathsIn(value).map((path) => path.replaceAll("*", () => specifier.slice(before.length, end)))
  })

/** Asks once for each path or name. */
const once = (ask) => {
  const known = new Map()
  return (name) => {
    if (!known.has(name)) known.set(name, ask(name))
    return known.get(name)
  }
}

const hasSubpaths = (exports) =>
  typeof exports === "object" && exports !== null && Object.keys(exports).some((key) => key.startsWith("."))

/**
 * What decides where imports lead, beside the files that are read: `places` that were looked at, or would be before the one
 * that was found, with what is there, and `links`, by which of their paths files were found, with where that leads.
 */
export const resolutionOf = (sources) => {
  const places = new Map()
  const links = new Map()
  // thousands of imports look at the same places; what changes there meanwhile is found when the build is made
  const kindAt = once(kindNow)
  const realAt = once(realNow)
  const probe = (path) => {
    if (!places.has(path)) places.set(path, kindAt(path))
  }

  /** Whether one of these paths, of which the first that is there counts, led to `target`. */
  const found = (paths, target) => {
    for (const each of paths) {
      const real = kindAt(each) === "file" ? realAt(each) : null
      if (real !== null && real === target) {
        if (each !== real) links.set(each, real)
        return true
      }
      probe(each)
    }
    return false
  }

  /** The manifest in a folder, which counts as read; null where there is none. */
  const manifestIn = (folder) => {
    const file = join(folder, "package.json")
    probe(file)
    return kindAt(file) === "file" ? sources.json(file) : null
  }

  /** The manifest that says how the files of a folder are to be read, with the folder that it is in; null where there is none. */
  const manifestFrom = (folder) => {
    for (const at of upwards(folder)) {
      const manifest = manifestIn(at)
      if (manifest !== null) return { at, manifest }
      if (basename(at) === "node_modules") return null
    }
    return null
  }

  const foundMain = (folder, target) => {
    const main = manifestIn(folder)?.main
    if (typeof main !== "string") return false
    const path = join(folder, main)
    return found([path, ...endingsOf(path), ...indexesOf(path)], target)
  }

  /** Whether the path of a file or folder led to `target`. */
  const foundAt = (path, target) =>
    found([path, ...endingsOf(path)], target) || foundMain(path, target) || found(indexesOf(path), target)

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

  /** Follows what a package says of one of its names, `leads` from its folder, to `target`. */
  const followLeads = (folder, leads, target) =>
    target !== null &&
    leads
      .filter(isRelative)
      .map((lead) => join(folder, lead))
      .some((path) => found([path, ...rewritten(path)], target))

  /** Follows a name that begins with "#", which the manifest of the importing file's own package explains. */
  const followOwnName = (folder, specifier, target) => {
    const { at, manifest } = manifestFrom(folder) ?? { at: folder, manifest: {} }
    const leads = substituted(manifest.imports ?? {}, specifier)
    if (followLeads(at, leads, target)) return null
    return (
      leads
        .filter((lead) => !isRelative(lead))
        .map((lead) => follow(at, lead, target, () => []))
        .find((into) => into !== null && target?.startsWith(join(into.folder, "/"))) ?? null
    )
  }

  // a package may have hundreds of patterns
  const leadsIn = once(({ exports }) =>
    once((subpath) => substituted(hasSubpaths(exports) ? exports : { ".": exports }, subpath))
  )
  const leadsOf = (manifest, subpath) => leadsIn(manifest)(subpath)

  /** Whether a package's import of itself by name led to `target`. */
  const followOwnExports = (folder, name, subpath, target) => {
    const { at, manifest } = manifestFrom(folder) ?? { at: folder, manifest: {} }
    return manifest.name === name && followLeads(at, leadsOf(manifest, subpath), target)
  }

  /**
   * Follows one import of a file in `folder` to `target`, a real path, or null where it stays outside; gives the package that
   * it went into as `{ name, folder }`, null for the project's own. The bundler asks `mapped` before it takes a bare name for
   * anything else.
   */
  const follow = (folder, specifier, target, mapped) => {
    if (isRelative(specifier)) {
      if (target !== null) foundAt(resolve(folder, specifier), target)
      return null
    }
    for (const path of mapped(specifier)) if (target !== null && foundAt(path, target)) return null
    if (isBuiltin(specifier)) return null
    if (specifier.startsWith("#")) return followOwnName(folder, specifier, target)
    const name = packageOf(specifier)
    const subpath = `.${specifier.slice(name.length)}`
    if (followOwnExports(folder, name, subpath, target)) return null
    const lookedUp = packageFolder(folder, name)
    if (lookedUp === null) return null
    const manifest = manifestIn(lookedUp)
    if (manifest.exports !== undefined) followLeads(lookedUp, leadsOf(manifest, subpath), target)
    else if (target !== null) foundAt(join(lookedUp, subpath), target)
    return { name, folder: realAt(lookedUp) ?? lookedUp }
  }

  return {
    places,
    links,
    probe,
    follow,
    packageFolder,
    manifestOf: (file) => manifestFrom(dirname(file))?.manifest ?? {}
  }
}
