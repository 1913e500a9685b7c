// Bundles the command and the worker, and digests the source of every stage. Only `pipeline.mjs` calls it, and only when
// a source file has changed.
import { createHash, randomUUID } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { basename, dirname, join } from "node:path"

const FOLDERS = ["artifacts", "cache", "engine", "services", "models", "stages", "pipelines", "worker", "cli"]
const OTHERS = ["bin/pipeline.mjs", "bin/build.mjs", "package.json", "node_modules/.package-lock.json"]
/** Counted by the cache's format number, not by their text. */
const COUNTED_BY_FORMAT = /^(engine|cache|artifacts)\//
const PACKAGES_COUNTED_BY_FORMAT = /^(effect|@effect\/.*|apache-arrow)$/
/** Builds that no command has started from for this long are removed. */
const KEPT_MILLIS = 7 * 24 * 3600 * 1000

const sha256 = (text) => createHash("sha256").update(text).digest("hex")
const camel = (name) => name.replace(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase())

/** Every source file and folder, relative to the root, sorted. */
const listSources = (root) => {
  const found = []
  const visit = (folder) => {
    found.push(folder)
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory()) visit(path)
      else if (entry.name.endsWith(".ts")) found.push(path)
    }
  }
  for (const folder of FOLDERS) if (existsSync(join(root, folder))) visit(folder)
  return [...found, ...OTHERS.filter((path) => existsSync(join(root, path)))].sort()
}

const pipelineNames = (root) =>
  readdirSync(join(root, "pipelines"))
    .filter((file) => file.endsWith(".ts"))
    .map((file) => basename(file, ".ts"))
    .sort()

/** Files in `stages/` that export something under their own name: what they export may be a stage, or a source. */
const stageNames = (root) =>
  readdirSync(join(root, "stages"))
    .filter((file) => file.endsWith(".ts"))
    .map((file) => basename(file, ".ts"))
    .filter((name) =>
      new RegExp(`^export const ${camel(name)}\\b`, "m").test(readFileSync(join(root, "stages", `${name}.ts`), "utf8"))
    )
    .sort()

/** A list as the formatter has it: on one line where that has room. */
const listText = (begin, names, end) => {
  const line = `${begin}${names.join(", ")}${end}`
  return line.length <= 120 ? line : `${begin}\n${names.map((name) => `  ${name}`).join(",\n")}\n${end}`
}

const importsText = (folder, names) =>
  names.map((name) => `import { ${camel(name)} } from "../${folder}/${name}.ts"\n`).join("")

const writeSource = (file, text) => {
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text)
}

/**
 * A new file in `pipelines/` is a new command, and a stage is known by the file that exports it: the lists of both are
 * written here, and checked by `tsc` like any source.
 */
const writeRegistry = (root) => {
  const pipelines = pipelineNames(root)
  const registry = listText("export const pipelines = Pipeline.together([", pipelines.map(camel), "])")
  writeSource(
    join(root, "worker", "registry.ts"),
    `// Written by bin/build.mjs from the files in pipelines/.\nimport * as Pipeline from "../engine/Pipeline.ts"\n${importsText("pipelines", pipelines)}\n${registry}\n`
  )
  const stages = stageNames(root)
  const exported = listText("export const exported: ReadonlyArray<unknown> = [", stages.map(camel), "]")
  writeSource(
    join(root, "worker", "stages.ts"),
    `// Written by bin/build.mjs from the files in stages/.\n${importsText("stages", stages)}\n/** What the files in stages/ export under their own names. */\n${exported}\n`
  )
}

/** Where a package lies, as seen from the project; null where it is not installed. */
const packageFolder = (root, name) => {
  for (let folder = root; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name)
    if (existsSync(join(candidate, "package.json"))) return candidate
    if (folder === dirname(folder)) return null
  }
}

const manifestOf = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))

/**
 * Packages that leave work to others of their family, which count as well. Whatever else a package depends on installs,
 * unpacks or starts it.
 */
const FAMILIES = [/^@tensorflow\//, /^(vega|d3)(-|$)/]

/** Adds the versions of a package, of its native parts, which are optional dependencies, and of its family's others. */
const addVersions = (from, name, versions) => {
  const folder = packageFolder(from, name)
  // the native part of another platform
  if (folder === null) return
  const { version, dependencies, optionalDependencies } = manifestOf(folder)
  const known = versions.get(name) ?? new Set()
  if (known.has(version)) return
  versions.set(name, known.add(version))
  const family = FAMILIES.filter((each) => each.test(name))
  const others = Object.keys(dependencies ?? {}).filter((part) => family.some((each) => each.test(part)))
  for (const part of [...Object.keys(optionalDependencies ?? {}), ...others]) addVersions(folder, part, versions)
}

/** By name, sorted; a package may be there twice, for two that ask for different versions of it. */
const versionsOf = (root, names) => {
  const versions = new Map()
  for (const name of names) {
    if (packageFolder(root, name) === null) throw new Error(`package ${name} is imported but not installed`)
    addVersions(root, name, versions)
  }
  return Object.fromEntries([...versions].sort().map(([name, found]) => [name, [...found].sort().join(" and ")]))
}

const packageOf = (path) => (path.startsWith("@") ? path.split("/").slice(0, 2).join("/") : path.split("/")[0])

/** For every stage: the project files that its own reaches by import, stripped, and the packages that these import. */
const codeDigests = async (esbuild, root) => {
  const stages = readdirSync(join(root, "stages"))
    .filter((file) => file.endsWith(".ts"))
    .sort()
  const { metafile } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: stages.map((file) => `stages/${file}`),
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    outdir: "unused",
    write: false,
    metafile: true,
    logLevel: "silent"
  })
  const stripped = new Map()
  for (const path of Object.keys(metafile.inputs)) {
    const { code } = await esbuild.transform(readFileSync(join(root, path), "utf8"), {
      loader: "ts",
      minifyWhitespace: true,
      legalComments: "none",
      target: "node20",
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } }
    })
    stripped.set(path, sha256(code))
  }
  const reach = (entry) => {
    const seen = new Set([entry])
    for (const path of seen)
      for (const { path: next, external } of metafile.inputs[path].imports) if (!external) seen.add(next)
    return [...seen].sort()
  }
  // a machine may be without: whoever uses one has its version among the facts
  const optional = new Set(Object.keys(manifestOf(root).optionalDependencies ?? {}))
  const codeOf = (entry) => {
    const files = reach(entry).filter((path) => !COUNTED_BY_FORMAT.test(path))
    const packages = new Set(
      files.flatMap((path) =>
        metafile.inputs[path].imports
          .filter(({ path: name, external }) => external && !name.startsWith("node:"))
          .map(({ path: name }) => packageOf(name))
      )
    )
    const counted = [...packages].filter((name) => !PACKAGES_COUNTED_BY_FORMAT.test(name) && !optional.has(name))
    return {
      files: Object.fromEntries(files.map((path) => [path, stripped.get(path)])),
      packages: versionsOf(root, counted)
    }
  }
  return Object.fromEntries(stages.map((file) => [basename(file, ".ts"), codeOf(`stages/${file}`)]))
}

const bundle = (esbuild, root, directory) => {
  const { dependencies, optionalDependencies } = manifestOf(root)
  const external = Object.keys({ ...dependencies, ...optionalDependencies }).filter(
    (name) => name !== "effect" && !name.startsWith("@effect/")
  )
  const shared = {
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    target: "node20",
    external,
    legalComments: "none",
    logLevel: "silent",
    metafile: false
  }
  return Promise.all([
    esbuild.build({
      ...shared,
      entryPoints: ["cli/main.ts"],
      outfile: join(directory, "cli.cjs"),
      format: "cjs",
      minify: true,
      define: { "import.meta.url": "__url" },
      // `vm.Script` has no `import()`; what is imported lazily there can be required
      supported: { "dynamic-import": false },
      // one function of what a module would find around it: `vm.Script` gives it none
      banner: {
        js: "(function (require, __url, __headrace) { const module = { exports: {} }; const exports = module.exports;"
      },
      footer: { js: "})" }
    }),
    esbuild.build({
      ...shared,
      entryPoints: ["worker/main.ts"],
      outfile: join(directory, "worker.mjs"),
      format: "esm",
      banner: {
        js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);'
      }
    })
  ])
}

const asideIn = (buildHome) => join(buildHome, `.tmp-${randomUUID()}`)

/** Commands that started from an older build run on from it; each touches its build when it starts. */
const removeOldBuilds = (buildHome) => {
  for (const entry of readdirSync(buildHome, { withFileTypes: true })) {
    const path = join(buildHome, entry.name)
    try {
      if (!entry.isDirectory() || Date.now() - statSync(path).mtimeMs < KEPT_MILLIS) continue
      // half a build must not be found under its name
      const aside = asideIn(buildHome)
      renameSync(path, aside)
      rmSync(aside, { recursive: true, force: true })
    } catch {
      // another command removes it, or nobody can
    }
  }
}

/** The digest of all sources: two builds of one id hold the same. */
const idOf = (root, sources) => {
  const contents = sources.filter((path) => !statSync(join(root, path)).isDirectory())
  return sha256(contents.map((path) => `${path} ${sha256(readFileSync(join(root, path)))}\n`).join("")).slice(0, 16)
}

/** A build of what the sources are now; another id where they changed while it was made. */
const makeBuild = async (root, buildHome, sources) => {
  const id = idOf(root, sources)
  const directory = join(buildHome, id)
  if (existsSync(join(directory, "code.json"))) return id
  const esbuild = createRequire(join(root, "package.json"))("esbuild")
  const aside = asideIn(buildHome)
  mkdirSync(aside)
  try {
    const [codes] = await Promise.all([codeDigests(esbuild, root), bundle(esbuild, root, aside)])
    writeFileSync(join(aside, "code.json"), JSON.stringify(codes, null, 1))
    // digests and bundle must be of the same text: results would be kept under the wrong code otherwise
    if (idOf(root, sources) !== id) return await makeBuild(root, buildHome, sources)
    renameSync(aside, directory)
  } catch (error) {
    // another command may have built the same in the meantime, and run from it
    if (!existsSync(join(directory, "code.json"))) throw error
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
  return id
}

/** Builds if need be, and returns the id of the build that fits the sources. */
export const build = async ({ root, buildHome, stampOf }) => {
  writeRegistry(root)
  const sources = listSources(root)
  // stamps before contents: a file that changes in between is found changed by the next command
  const stamps = Object.fromEntries(sources.map((path) => [path, stampOf(path)]))
  mkdirSync(buildHome, { recursive: true })
  const id = await makeBuild(root, buildHome, sources)
  removeOldBuilds(buildHome)
  const file = join(buildHome, `current.json.${process.pid}`)
  writeFileSync(file, JSON.stringify({ id, stamps }))
  renameSync(file, join(buildHome, "current.json"))
  return id
}
