import { isBuiltin } from "node:module"
import { basename, dirname, extname } from "node:path"
import { isKernel, isKernelPackage, isServing } from "./kernel.mjs"
import { countPackages, packagesOf } from "./packages.mjs"
import { packageOf } from "./resolution.mjs"
import { fromRoot, loaderOf, sha256, toAbsolute } from "./sources.mjs"

/** Has the bundler write an import's place among a file's imports for what it names: where it leads is counted apart from the text. */
const numbering = (imports) => ({
  name: "numbering",
  setup: (bundler) =>
    bundler.onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === "entry-point" ? undefined : { path: `#${imports.indexOf(path)}`, external: true }
    )
})

/** A file without types, comments and whitespace, its imports numbered by their order, so that no path is in it. */
const textOf = async (esbuild, { bytes, loader, imports, options }) => {
  const { outputFiles } = await esbuild.build({
    stdin: { contents: bytes, loader, sourcefile: "module" },
    bundle: true,
    treeShaking: false,
    write: false,
    format: "esm",
    platform: "node",
    target: "node20",
    minifyWhitespace: true,
    legalComments: "none",
    logLevel: "silent",
    tsconfigRaw: { compilerOptions: { ...options, verbatimModuleSyntax: true } },
    plugins: [numbering(imports)]
  })
  return outputFiles[0].text
}

/** The bundler's name for the file that imports every stage. */
const ENTRY = "<stdin>"

/** The path of what the bundler read: it tells imports with attributes apart. */
const pathOf = (root, id) => toAbsolute(root, id.replace(/ with \{.*\}$/, ""))

/** Finds where the imports of one file went, and by which packages. */
const followImports = (root, id, imports, { tsconfig, resolution, packages }) => {
  const path = pathOf(root, id)
  const mapped = path.includes("/node_modules/") ? () => [] : tsconfig.placesOf
  resolution.manifestFrom(path)
  for (const { path: to, external, original } of imports) {
    const into = resolution.follow(dirname(path), original ?? to, external ? null : pathOf(root, to), mapped)
    if (into !== null && !external) packages.link(into)
  }
  return { path, imports }
}

/** How Node would read a file, which decides what a default import from CommonJS is. */
const modeOf = (path, sources, resolution) => {
  const marked = /^\.([mc])[jt]s$/.exec(extname(path))
  if (marked !== null) return marked[1] === "m" ? "module" : "commonjs"
  const manifest = resolution.manifestFrom(path)
  return manifest === null ? "none" : (sources.json(manifest).type ?? "none")
}

/**
 * For every stage, the code that its file reaches by import:
 * - `digest`, which its keys have: over the text of every file and where its imports lead, as an ordered graph from the stage's
 *   file on, and over the packages. Files have no names in it: a file that moves keeps the keys, two that swap contents don't.
 * - `files` and `packages`, by which two digests are told apart for people: digests by path, and versions by name with a few
 *   digits of the content.
 *
 * The metafile `graph` is that of the stages, whose imports come from the entry that `bundle` wrote, named as in `stages`.
 */
export const codeOf = async ({ esbuild, root, metafiles, stages, tsconfig, sources, resolution }) => {
  const { cli, start, worker, graph } = metafiles
  const optional = new Set(Object.keys(sources.json(toAbsolute(root, "package.json")).optionalDependencies ?? {}))
  const packages = packagesOf()
  const follow = (id, imports) => followImports(root, id, imports, { tsconfig, resolution, packages })
  for (const { inputs } of [cli, start, worker])
    for (const [id, { imports }] of Object.entries(inputs)) follow(id, imports)
  const nodes = new Map(
    Object.entries(graph.inputs)
      .filter(([id]) => id !== ENTRY)
      .map(([id, { imports }]) => [id, follow(id, imports)])
  )

  const texts = new Map()
  const describe = (id) => {
    const known = texts.get(id)
    if (known !== undefined) return known
    const { path, imports } = nodes.get(id)
    const { bytes, digest } = sources.read(path)
    const loader = loaderOf(path)
    const names = imports.map(({ path: to, original }) => original ?? to)
    const text =
      loader === "ts" || loader === "js" || loader === "tsx" || loader === "jsx"
        ? textOf(esbuild, { bytes, loader, imports: names, options: tsconfig.options }).then(
            (stripped) => `${modeOf(path, sources, resolution)} ${stripped}`
          )
        : Promise.resolve(`${loader} ${digest}`)
    const described = text.then((stripped) => ({
      text: sha256(stripped),
      shown: sha256(JSON.stringify([stripped, names]))
    }))
    texts.set(id, described)
    return described
  }

  const stageOf = async (entry) => {
    const reached = new Set([entry])
    const own = []
    const folders = new Map()
    const files = new Map()
    const collect = (map, name, value) => map.set(name, (map.get(name) ?? new Set()).add(value))
    for (const id of reached) {
      const { path, imports } = nodes.get(id)
      const within = packages.at(path)
      // what the kernel reaches and is not of the kernel would be out of sight otherwise
      if (within === null && !isKernel(fromRoot(root, path))) own.push(id)
      if (within !== null) {
        collect(folders, within.name, within.folder)
        collect(files, within.name, { folder: within.folder, path })
      }
      for (const { path: to, external } of imports) {
        if (!external) {
          const into = packages.at(nodes.get(to).path)
          const serves = within !== null && into !== null && into.name !== within.name && isServing(into.name)
          if (!serves) reached.add(to)
          continue
        }
        const name = packageOf(to)
        // the facts of whoever uses an optional one have its version: a machine may be without
        if (within !== null || isBuiltin(to) || isKernelPackage(name) || optional.has(name)) continue
        const folder = resolution.packageFolder(dirname(path), name)
        if (folder === null) throw new Error(`${fromRoot(root, path)}: package ${name} is imported but not installed`)
        collect(folders, name, folder)
      }
    }
    const positions = new Map(own.map((id, position) => [id, position]))
    const referenceOf = ({ path: to, external }) => {
      if (external) return to
      const { path } = nodes.get(to)
      if (isKernel(fromRoot(root, path))) return `kernel ${fromRoot(root, path)}`
      const into = packages.at(path)
      return into === null ? positions.get(to) : `${into.name} ${path.slice(into.folder.length)}`
    }
    const modules = await Promise.all(
      own.map(async (id) => {
        const { path, imports } = nodes.get(id)
        return { label: fromRoot(root, path), ...(await describe(id)), imports: imports.map(referenceOf) }
      })
    )
    const counted = countPackages(sources, resolution, folders, files)
    return {
      digest: sha256(
        JSON.stringify({ modules: modules.map(({ text, imports }) => [text, imports]), packages: counted })
      ),
      files: Object.fromEntries(modules.map(({ label, shown }) => [label, shown]).sort(([a], [b]) => (a < b ? -1 : 1))),
      packages: Object.fromEntries(
        counted.map(({ name, versions, content }) => [
          name,
          content === null ? versions : `${versions} (${content.slice(0, 8)})`
        ])
      )
    }
  }

  const entries = new Map(graph.inputs[ENTRY].imports.map(({ original, path }) => [basename(original), path]))
  const codes = await Promise.all(stages.map(async (file) => [basename(file, ".ts"), await stageOf(entries.get(file))]))
  return Object.fromEntries(codes)
}
