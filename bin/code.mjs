import { isBuiltin } from "node:module"
import { dirname, extname } from "node:path"
import { sourceNameOf } from "./core.mjs"
import { isFact, isKernel, isKernelPackage, isServing } from "./kernel.mjs"
import { countPackages, packagesOf } from "./packages.mjs"
import { isRelative, packageOf } from "./resolution.mjs"
import { namedBy } from "./source-packages.mjs"
import { allOf, fromRoot, loaderOf, refusal, sha256, toAbsolute } from "./sources.mjs"

/** Whether a file, by its real path, is one of the program's kernel. */
const isInKernel = (path) => {
  const name = sourceNameOf(path)
  return name !== null && isKernel(name)
}

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

/** What files import that ask for `require`, by the bundler's doing: code of its own. */
const RUNTIME = "<runtime>"

/** The path of what the bundler read: it tells imports with attributes apart. */
const pathOf = (root, id) => toAbsolute(root, id.replace(/ with \{.*\}$/, ""))

/** Finds where the imports of files went, and by which packages: once for all files of a folder that import the same. */
const followingImports = (root, { tsconfig, resolution, packages }) => {
  const followed = new Set()
  return (id, imports) => {
    const path = pathOf(root, id)
    const folder = dirname(path)
    const mapped = path.includes("/node_modules/") ? () => [] : tsconfig.placesOf
    // it decides how the file is read, also where nothing asks for more
    resolution.manifestOf(path)
    for (const { path: to, external, original } of imports) {
      const name = original ?? to
      const step = [folder, name, external ? "" : to].join("\0")
      if (followed.has(step)) continue
      followed.add(step)
      const into = resolution.follow(folder, name, external ? null : pathOf(root, to), mapped)
      if (into !== null && !external) packages.link(into)
    }
    return { path, imports }
  }
}

/** How Node would read a file, which decides what a default import from CommonJS is. */
const modeOf = (path, resolution) => {
  const marked = /^\.([mc])[jt]s$/.exec(extname(path))
  if (marked !== null) return marked[1] === "m" ? "module" : "commonjs"
  return resolution.manifestOf(path).type ?? "none"
}

/** The files that the bundler read for the stages, by its names for them; packages are linked wherever any file's import leads. */
const modulesOf = (root, { cli, worker, graph }, found) => {
  const followImports = followingImports(root, found)
  const follow = ([id, { imports }]) => [id, followImports(id, imports)]
  for (const { inputs } of [cli, worker]) Object.entries(inputs).forEach(follow)
  return new Map(
    Object.entries(graph.inputs)
      .filter(([id]) => id !== ENTRY)
      .map(follow)
  )
}

const SCRIPTS = new Set(["ts", "js", "tsx", "jsx"])

/** What a file says apart from where its imports lead. */
const contentOf = async (esbuild, path, names, { tsconfig, sources, resolution }) => {
  const { bytes, digest } = sources.read(path)
  const loader = loaderOf(path)
  if (!SCRIPTS.has(loader)) return `${loader} ${digest}`
  const stripped = await textOf(esbuild, { bytes, loader, imports: names, options: tsconfig.options })
  return `${modeOf(path, resolution)} ${stripped}`
}

/** Digests of a file, each taken once: of its content, which counts, and, for people to compare, of that with its imports' names. */
const digestsOf = (esbuild, modules, found) => {
  const digests = new Map()
  const take = async ({ path, imports }) => {
    const names = imports.map(({ path: to, original }) => original ?? to)
    const content = await contentOf(esbuild, path, names, found)
    return { text: sha256(content), shown: sha256(JSON.stringify([content, names])) }
  }
  return (id) => {
    if (!digests.has(id)) digests.set(id, take(modules.get(id)))
    return digests.get(id)
  }
}

/** Adds to the set that a map holds under a name. */
const collect = (map, name, value) => map.set(name, (map.get(name) ?? new Set()).add(value))

/** Whether one package imports another that only installs or starts programs. */
const isServed = (from, to) => from !== null && to !== null && to.name !== from.name && isServing(to.name)

/** Where a file imports something: `FILE:LINE`, as the bundler says it of what it cannot find itself. */
const importingPlace = (root, path, to, sources) => {
  const isOn = (line) => [`"${to}"`, `'${to}'`].some((quoted) => line.includes(quoted))
  const lines = sources.read(path).bytes.toString("utf8").split("\n")
  return `${fromRoot(root, path)}:${lines.findIndex(isOn) + 1}`
}

/** The folder of a package from which a file imports something; null for an optional one that is not installed. */
const folderOf = (root, path, to, { resolution, optional, sources }) => {
  const name = packageOf(to)
  const folder = resolution.packageFolder(dirname(path), name)
  if (folder === null && !optional.has(name))
    throw new Error(`${importingPlace(root, path, to, sources)}: Could not resolve "${to}"`)
  return folder
}

/**
 * Refuses an import whose path is a template, which the bundler writes with stars: it takes whatever matches, and says of none
 * that it is imported. An installed package's own count by its version.
 */
const refuseTemplate = (root, path, within, { path: to, external }) => {
  if (!external || !isRelative(to) || !to.includes("*") || within?.folder.includes("/node_modules/")) return
  throw refusal(
    `${fromRoot(root, path)} imports ${to}, whatever matches that`,
    "modules that are imported one by one, so that each counts",
    "Import each by its own path, and choose among them by name."
  )
}

/** What a stage's file reaches by import: the project's own files in the order met, and of packages their folders and files. */
const reach = (root, entry, modules, found) => {
  const { packages } = found
  const reached = new Set([entry])
  const own = []
  const folders = new Map()
  const files = new Map()
  for (const id of reached) {
    const { path, imports } = modules.get(id)
    const within = packages.at(path)
    // what the kernel reaches and is not of the kernel would be out of sight otherwise
    if (within === null && !isInKernel(path)) own.push(id)
    if (within !== null) {
      collect(folders, within.name, within.folder)
      // native code counts by version, as it differs by platform
      if (!path.endsWith(".node")) collect(files, within.name, id)
    }
    for (const each of imports) {
      refuseTemplate(root, path, within, each)
      const { path: to, external } = each
      if (!external) {
        if (!isServed(within, packages.at(modules.get(to).path))) reached.add(to)
      } else if (within === null && !isBuiltin(to) && to !== RUNTIME) {
        const name = packageOf(to)
        if (!isKernelPackage(name) && !isFact(name)) collect(folders, name, folderOf(root, path, to, found))
      }
    }
  }
  return { own, folders, files }
}

/** Says where an import leads: to a place among the stage's own files, into the kernel or a package, or out of what is bundled. */
const referencesOf = (own, modules, { packages }) => {
  const positions = new Map(own.map((id, position) => [id, position]))
  const leadOf = (within, { path: to, external }) => {
    if (external) return to
    const { path } = modules.get(to)
    if (isInKernel(path)) return `kernel ${sourceNameOf(path)}`
    const into = packages.at(path)
    if (into === null) return positions.get(to)
    return isServed(within, into) ? into.name : `${into.name} ${path.slice(into.folder.length)}`
  }
  return ({ path, imports }) => imports.map((each) => leadOf(packages.at(path), each))
}

/** A file of a package: what it says, how it is read, and where its imports lead. Manifests may change all but the first. */
const lineOf = (module, referencesIn, { packages, sources, resolution }) => {
  const { path } = module
  const within = path.slice(packages.at(path).folder.length)
  return JSON.stringify([within, sources.read(path).digest, modeOf(path, resolution), referencesIn(module)])
}

const shownPackage = ({ name, versions, content }) => [
  name,
  content === null ? versions : `${versions} (${content.slice(0, 8)})`
]

const stageCode = async (root, entry, modules, digests, found) => {
  const { own, folders, files } = reach(root, entry, modules, found)
  const referencesIn = referencesOf(own, modules, found)
  const texts = await allOf(
    own.map(async (id) => {
      const module = modules.get(id)
      return { label: fromRoot(root, module.path), ...(await digests(id)), imports: referencesIn(module) }
    })
  )
  const linesOf = (name) =>
    [...(files.get(name) ?? [])].map((id) => lineOf(modules.get(id), referencesIn, found)).sort()
  const packages = countPackages(found, folders, linesOf)
  return {
    digest: sha256(JSON.stringify({ modules: texts.map(({ text, imports }) => [text, imports]), packages })),
    files: Object.fromEntries(texts.map(({ label, shown }) => [label, shown]).sort(([a], [b]) => (a < b ? -1 : 1))),
    packages: Object.fromEntries(packages.map(shownPackage))
  }
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
export const codeOf = async ({ esbuild, root, metafiles, packages, stages, tsconfig, sources, resolution }) => {
  const { optional } = namedBy(root, packages, sources)
  const found = { tsconfig, sources, resolution, packages: packagesOf(packages), optional }
  const modules = modulesOf(root, metafiles, found)
  const digests = digestsOf(esbuild, modules, found)
  const entries = new Map(metafiles.graph.inputs[ENTRY].imports.map(({ original, path }) => [original, path]))
  const codes = await allOf(
    stages.map(async ({ label, from }) => [label, await stageCode(root, entries.get(from), modules, digests, found)])
  )
  return Object.fromEntries(codes)
}
