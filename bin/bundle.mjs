import { existsSync } from "node:fs"
import { join } from "node:path"
import { programFile } from "./core.mjs"
import { leaving, leavingServing } from "./external.mjs"
import { isFact, KERNEL_PACKAGES } from "./kernel.mjs"
import { namedBy } from "./source-packages.mjs"
import { allOf } from "./sources.mjs"

/** Has every import of Headrace lead into the program that this launcher belongs to: a second copy of it would not know its own. */
const itself = {
  name: "itself",
  setup: (bundler) =>
    bundler.onResolve({ filter: /^headrace(\/|$)/ }, ({ path }) => {
      const file = programFile(path === "headrace" ? "api/headrace.ts" : `api/${path.slice("headrace/".length)}.ts`)
      return existsSync(file) ? { path: file } : undefined
    })
}

/**
 * What the command imports where it needs it, and the bundler leaves outside, is imported by Node: a script has no `import()`, and a
 * package may be an ES module alone. `import()` waits for a module that has a `then` of its own, and gives what that gives.
 */
const lazily = {
  name: "lazily",
  setup: (bundler) => {
    const namespace = "lazily"
    bundler.onResolve({ filter: /^[^./#]/ }, async ({ kind, path, importer, resolveDir, pluginData }) => {
      // whoever asks with data of its own is a plugin
      if (kind !== "dynamic-import" || pluginData !== undefined) return undefined
      const left = await bundler.resolve(path, { kind, importer, resolveDir, pluginData: namespace })
      return left.external ? { path: left.path, namespace } : undefined
    })
    bundler.onLoad({ filter: /.*/, namespace }, ({ path }) => ({
      contents: `export const then = (...settle) => __headrace.importModule(${JSON.stringify(path)}).then(...settle)`
    }))
  }
}

/**
 * Bundles the command and the worker into `directory`, and looks at what the stages reach. Gives the four metafiles. All
 * read their files through `sources`. What a manifest or a comment says of side effects takes no file out of what computes
 * results, nor of what is counted. The command heeds it, and starts 50 ms earlier: it makes keys alone, which a worker makes again.
 */
export const bundle = async ({
  esbuild,
  root,
  directory,
  project,
  packages,
  stages,
  tsconfig,
  sources,
  resolution
}) => {
  const startingWith = (main, args) => ({
    contents: `import { main } from ${JSON.stringify(programFile(main))}\n${project}main(${args})\n`,
    resolveDir: root,
    loader: "ts"
  })
  // those that bundles leave to Node are among them
  const { named, optional } = namedBy(root, packages, sources)
  const shared = {
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    target: "node20",
    legalComments: "none",
    logLevel: "silent",
    metafile: true,
    // one file of a package for all: what runs must be what is counted, and that is what Node would find
    conditions: [],
    mainFields: ["main"],
    ...(tsconfig.file === null ? { tsconfigRaw: {} } : { tsconfig: tsconfig.file }),
    plugins: [itself, sources.plugin]
  }
  const program = {
    ...shared,
    // beside the bundle, which does not name it: it is read where something was thrown, to find the line, and by nobody else
    sourcemap: "external",
    sourcesContent: false,
    plugins: [itself, leaving(named, packages, { root, directory, resolution }), sources.plugin]
  }
  const built = await allOf([
    esbuild.build({
      ...program,
      stdin: startingWith("cli/main.ts", "project, __headrace"),
      plugins: [lazily, ...program.plugins],
      // what is imported where it is needed is a part of the script
      supported: { "dynamic-import": false },
      outfile: join(directory, "cli.cjs"),
      format: "cjs",
      minify: true,
      define: { "import.meta.url": "__url" },
      // one function of what a module would find around it: `vm.Script` gives it none
      banner: {
        js: "(function (require, __url, __headrace) { const module = { exports: {} }; const exports = module.exports;"
      },
      footer: { js: "})" }
    }),
    esbuild.build({
      ...program,
      entryPoints: [programFile("worker/start.ts")],
      outfile: join(directory, "start.mjs"),
      format: "esm"
    }),
    esbuild.build({
      ...program,
      stdin: startingWith("worker/main.ts", "project"),
      outfile: join(directory, "worker.mjs"),
      format: "esm",
      ignoreAnnotations: true,
      banner: {
        js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);'
      }
    }),
    esbuild.build({
      ...shared,
      // packages are read here, as Node would find them: their content counts
      stdin: {
        contents: stages.map(({ from }, index) => `export * as stage${index} from ${JSON.stringify(from)}`).join("\n"),
        resolveDir: root
      },
      outfile: join(directory, "graph.mjs"),
      write: false,
      format: "esm",
      external: [
        ...KERNEL_PACKAGES,
        ...named.filter(isFact),
        ...[...optional].filter((name) => resolution.packageFolder(root, name) === null)
      ],
      plugins: [itself, leavingServing(named, packages), sources.plugin],
      loader: { ".node": "empty" },
      ignoreAnnotations: true
    })
  ])
  const [cli, start, worker, graph] = built.map(({ metafile }) => metafile)
  return { cli, start, worker, graph }
}
