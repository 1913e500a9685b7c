import { createRequire } from "node:module"
import { dirname, join, resolve } from "node:path"
import vm from "node:vm"
import { substituted } from "./resolution.mjs"
import { kindAt } from "./sources.mjs"

/** Compiler options that change what a file becomes, beside those that say where imports lead. */
const EMITTING = [
  "alwaysStrict",
  "experimentalDecorators",
  "importsNotUsedAsValues",
  "jsx",
  "jsxFactory",
  "jsxFragmentFactory",
  "jsxImportSource",
  "preserveValueImports",
  "strict",
  "target",
  "useDefineForClassFields"
]

/** Where `extends` may lead, first to last. */
const extended = (file, name) => {
  if (/^\.{0,2}\//.test(name) || name === "." || name === "..") {
    const path = resolve(dirname(file), name)
    return [path, `${path}.json`]
  }
  const found = (specifier) => {
    try {
      return [createRequire(file).resolve(specifier)]
    } catch {
      return []
    }
  }
  return [name, `${name}.json`, `${name}/tsconfig.json`].flatMap(found)
}

/**
 * The project's `tsconfig.json` and what it extends: `file` (null where there is none), the options that change code, and
 * where `paths` and `baseUrl` would have a bare import look. Files that are read count as sources; `probe` is told of places
 * that were looked at.
 */
export const tsconfigOf = (root, sources, probe) => {
  const own = join(root, "tsconfig.json")
  const load = (file, above) => {
    let config
    try {
      // JSON with comments and trailing commas is an expression
      config = vm.runInNewContext(`(${sources.read(file).bytes.toString("utf8")}\n)`, {}, { timeout: 1000 })
    } catch (error) {
      throw new Error(`${file}: ${error.message}`)
    }
    const bases = [config.extends ?? []].flat().map((name) => {
      const places = extended(file, name)
      const found = places.find((place) => kindAt(place) === "file")
      for (const place of places) if (place !== found) probe(place)
      return found === undefined || above.includes(found) ? {} : load(found, [...above, found])
    })
    const { paths, baseUrl, ...options } = config.compilerOptions ?? {}
    return Object.assign({}, ...bases, options, {
      ...(baseUrl === undefined ? {} : { baseUrl: resolve(dirname(file), baseUrl) }),
      ...(paths === undefined ? {} : { paths, pathsFrom: dirname(file) })
    })
  }
  probe(own)
  if (kindAt(own) !== "file") return { file: null, options: {}, placesOf: () => [] }
  const { paths = {}, pathsFrom, baseUrl, ...options } = load(own, [own])
  const placesOf = (specifier) => [
    ...substituted(paths, specifier).map((target) => resolve(baseUrl ?? pathsFrom, target)),
    ...(baseUrl === undefined ? [] : [resolve(baseUrl, specifier)])
  ]
  return {
    file: own,
    options: Object.fromEntries(Object.entries(options).filter(([name]) => EMITTING.includes(name))),
    placesOf
  }
}
