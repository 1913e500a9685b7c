import { join, relative } from "node:path"
import { isServing } from "./kernel.mjs"
import { sha256 } from "./sources.mjs"

/**
 * The packages that files are in, but for those whose files count as the project's own: those in a `node_modules` folder by their path, others (links to a folder elsewhere) by the
 * import that led into them.
 */
export const packagesOf = (own) => {
  const isOwn = (folder) => own.some((each) => each.folder === folder)
  const linked = new Map()
  return {
    link: ({ name, folder }) => {
      if (!/\/node_modules\//.test(folder)) linked.set(folder, name)
    },
    /** Of an absolute real path: the package's name and folder, null for the project's own file. */
    at: (path) => {
      const installed = /^(.*\/node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(path)
      if (installed !== null) return isOwn(installed[1]) ? null : { name: installed[2], folder: installed[1] }
      for (const [folder, name] of linked)
        if (!relative(folder, path).startsWith("..")) return isOwn(folder) ? null : { name, folder }
      return null
    }
  }
}

/**
 * What of a stage's packages counts, by name, sorted: the versions (two where two are asked for), native parts under their own
 * names, and a digest of the files that were reached: a link and a patched package keep their version.
 * `folders`: of packages by name, null for one that is absent; `linesOf`: what a package's files say, by its name.
 */
export const countPackages = ({ sources, resolution }, folders, linesOf) => {
  const versions = new Map()
  const add = (name, folder) => {
    const { version = "no version", optionalDependencies = {} } =
      folder === null ? { version: "absent" } : sources.json(join(folder, "package.json"))
    const known = versions.get(name) ?? new Set()
    if (known.has(version)) return
    versions.set(name, known.add(version))
    for (const part of Object.keys(optionalDependencies)) {
      const native = resolution.packageFolder(folder, part)
      // the native part of another platform is not installed
      if (native !== null && !isServing(part)) add(part, native)
    }
  }
  for (const [name, found] of folders) for (const folder of found) add(name, folder)
  const contentOf = (name) => {
    const lines = linesOf(name)
    return lines.length === 0 ? null : sha256(lines.join("\n"))
  }
  return [...versions]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, found]) => ({
      name,
      versions: [...found].sort().join(" and "),
      content: contentOf(name)
    }))
}
