// Packs this package: `node images/pack.mjs FOLDER` writes its tarball into the folder, and prints where. `npm pack` alone would not do:
// the ready stages lie at the repository's top level, and two packages travel along without their install scripts.
import { execFileSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { isBuiltin } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"

const images = import.meta.dirname
const root = dirname(images)

/**
 * Packages whose own install scripts fetch what nobody needs here, a libtensorflow of 2022 and libraries for CUDA, and fail without a
 * network. A project that depends on them cannot say so to npm 10: they are taken along, in parts, without scripts.
 */
const BUNDLED = {
  "@tensorflow/tfjs-node-gpu": ["binding", "dist", "README.md"],
  "onnxruntime-node": ["bin/napi-v6/linux/x64", "dist", "README.md"]
}

const readJson = (file) => JSON.parse(readFileSync(file, "utf8"))
const writeJson = (file, value) => writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`)

/**
 * The packages for which the code in `dist` of a bundled package asks, declared or not, in the versions that are installed here. What it
 * merely mentions in a comment is not installed.
 */
const askedFor = (dist, from) => {
  const names = readdirSync(dist, { recursive: true })
    .filter((file) => file.endsWith(".js"))
    .map((file) => readFileSync(join(dist, file), "utf8"))
    .flatMap((text) => [...text.matchAll(/require\(["']((?:@[^/"']+\/)?[^@./"'][^/"']*)/g)].map(([, name]) => name))
  const places = [join(from, "node_modules"), join(root, "node_modules")]
  return Object.fromEntries(
    [...new Set(names)]
      .filter((name) => !isBuiltin(name))
      .flatMap((name) => {
        const manifest = places.map((place) => join(place, name, "package.json")).find(existsSync)
        return manifest === undefined ? [] : [[name, readJson(manifest).version]]
      })
      .sort()
  )
}

/** Lays a bundled package into the staged one; gives the packages that its code asks for. */
const bundle = (staged, name, parts) => {
  const from = join(root, "node_modules", name)
  const to = join(staged, "node_modules", name)
  for (const part of parts)
    cpSync(join(from, part), join(to, part), {
      recursive: true,
      filter: (file) => !/_tests?\.(js|d\.ts)$|\.map$/.test(file)
    })
  const { scripts, gypfile, dependencies, devDependencies, ...kept } = readJson(join(from, "package.json"))
  writeJson(join(to, "package.json"), {
    ...kept,
    description: `${name} as it is published, without its install scripts and what they need; bundled by headrace-images`
  })
  return askedFor(join(to, "dist"), from)
}

/** The manifest of the package, of that of the workspace. The packages of the engine are the project's: there is one copy of each. */
const manifestOf = (own, core, asked) => ({
  ...own,
  headrace: { stages: "dist/stages" },
  exports: {
    ".": { types: "./dist/images/project.d.ts", default: "./dist/images/project.js" },
    "./*": { types: "./dist/images/*.d.ts", default: "./dist/images/*.js" },
    "./stages/*": { types: "./dist/stages/*.d.ts", default: "./dist/stages/*.js" },
    "./package.json": "./package.json"
  },
  // an installation does not fail for TensorFlow's sake: the first stage that needs it tells what to do
  scripts: { postinstall: "node bin/headrace-images.mjs provision || exit 0" },
  peerDependencies: {
    headrace: core.version,
    effect: core.dependencies.effect,
    "@effect/platform": core.dependencies["@effect/platform"]
  },
  dependencies: { ...own.dependencies, ...own.optionalDependencies, ...asked },
  optionalDependencies: undefined,
  bundleDependencies: Object.keys(BUNDLED)
})

/** Fills a folder with what the package holds. */
const stage = (staged) => {
  // its types are those that a project finds in the package of the core
  execFileSync("npm", ["run", "dist", "--silent"], { cwd: root, stdio: "inherit" })
  const tsc = join(root, "node_modules/.bin/tsc")
  execFileSync(tsc, ["-p", join(images, "tsconfig.dist.json"), "--outDir", join(staged, "dist")], { stdio: "inherit" })
  for (const part of ["bin", "provision"]) cpSync(join(images, part), join(staged, part), { recursive: true })
  const asked = Object.entries(BUNDLED).map(([name, parts]) => bundle(staged, name, parts))
  const [own, core] = [images, root].map((folder) => readJson(join(folder, "package.json")))
  writeJson(join(staged, "package.json"), manifestOf(own, core, Object.assign({}, ...asked)))
}

const to = resolve(process.argv[2] ?? ".")
const staged = mkdtempSync(join(tmpdir(), "headrace-images-"))
try {
  stage(staged)
  mkdirSync(to, { recursive: true })
  const packed = execFileSync("npm", ["pack", "--json", "--pack-destination", to], { cwd: staged, encoding: "utf8" })
  console.log(join(to, JSON.parse(packed)[0].filename))
} finally {
  rmSync(staged, { recursive: true, force: true })
}
