import { createHash } from "node:crypto"
import { readFileSync, realpathSync, statSync } from "node:fs"
import { dirname, extname, relative, resolve } from "node:path"

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex")

const LOADERS = {
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
  ".js": "js",
  ".mjs": "js",
  ".cjs": "js",
  ".jsx": "jsx",
  ".json": "json",
  ".css": "css",
  ".txt": "text"
}
/** How the bundler reads a file; undefined for an ending that it does not know. */
export const loaderOf = (path) => LOADERS[extname(path)]

/** What is at a path: "file", "folder" or "nothing", which is also what lies below a file or behind a link to itself. */
export const kindAt = (path) => {
  try {
    const stat = statSync(path, { throwIfNoEntry: false })
    return stat === undefined ? "nothing" : stat.isDirectory() ? "folder" : "file"
  } catch {
    return "nothing"
  }
}

/** The real path, or null where nothing is. */
export const realAt = (path) => {
  try {
    return realpathSync(path)
  } catch {
    return null
  }
}

/**
 * The files that one build reads, each once, so that bundles and digests are of the same bytes whatever somebody edits
 * meanwhile. Paths are absolute. `stampOf` is asked before a file is read: a change in between is found by the next command.
 */
export const sourcesOf = (stampOf) => {
  const files = new Map()
  const read = (path) => {
    const known = files.get(path)
    if (known !== undefined) return known
    const stamp = stampOf(path)
    const bytes = readFileSync(path)
    const file = { stamp, bytes, digest: sha256(bytes) }
    files.set(path, file)
    return file
  }
  return {
    files,
    read,
    json: (path) => {
      const file = read(path)
      try {
        file.json ??= JSON.parse(file.bytes.toString("utf8"))
        return file.json
      } catch (error) {
        throw new Error(`${path}: ${error.message}`)
      }
    },
    /** Makes a bundler read through this. */
    plugin: {
      name: "sources",
      setup: (bundler) =>
        bundler.onLoad({ filter: /\.([cm]?[jt]s|[jt]sx|json|css|txt)$/ }, ({ path, with: attributes }) => {
          const { bytes } = read(path)
          // another type than the ending's is the bundler's to read
          return [undefined, "json"].includes(attributes?.type)
            ? { contents: bytes, loader: loaderOf(path) }
            : undefined
        })
    }
  }
}

/** The folder and those above it, innermost first. */
export const upwards = (folder) => {
  const found = [folder]
  for (let at = folder; at !== dirname(at); at = dirname(at)) found.push(dirname(at))
  return found
}

/** What ends a build and says itself what was expected, and what to do. */
export const refusal = (what, expected, fix) => Object.assign(new Error(what), { expected, fix })

/** Waits for all, also where one failed: a bundler that is left in the middle of a build says so on stderr when the process exits. */
export const allOf = async (works) => {
  const settled = await Promise.allSettled(works)
  for (const { status, reason } of settled) if (status === "rejected") throw reason
  return settled.map(({ value }) => value)
}

export const fromRoot = (root, path) => relative(root, path)
export const toAbsolute = (root, path) => resolve(root, path)
