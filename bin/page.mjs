// The files of the page that `pipeline ui` serves. Where the program is installed they lie there, as `npm run dist` made them by this file; in a
// checkout they are made of its sources, each time.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { basename, join } from "node:path"
import { CORE } from "./core.mjs"

const SOURCE = join(CORE, "ui", "app", "main.tsx")
const MADE = join(CORE, "dist", "page")

/** Nothing happens where a file of ours is imported: what the page does not use of one stays out, with whatever a browser lacks. */
const idle = {
  name: "idle",
  setup: (bundler) => {
    bundler.onResolve({ filter: /^\.{1,2}\/.*\.tsx?$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path),
      sideEffects: false
    }))
    bundler.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, external: true, sideEffects: false }))
  }
}

const PACKAGE = /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//

/** What those ask for whose packages are in the page: that their licences go with it. */
const licencesOf = ({ outputs }) => {
  const packages = new Map()
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs))
  for (const [file] of inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0)) {
    const [, folder, name] = PACKAGE.exec(file) ?? []
    if (folder !== undefined) packages.set(name, join(CORE, folder))
  }
  const texts = [...packages].sort().map(([name, folder]) => {
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each))
    const text = file === undefined ? license : readFileSync(join(folder, file), "utf8").trim()
    return `${name} ${version}\n\n${text}\n`
  })
  return Buffer.from(texts.join(`\n${"-".repeat(80)}\n\n`))
}

const made = async () => {
  const esbuild = createRequire(join(CORE, "package.json"))("esbuild")
  const { outputFiles, metafile } = await esbuild.build({
    absWorkingDir: CORE,
    entryPoints: [SOURCE, join(CORE, "ui", "app", "app.css")],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    outdir: MADE,
    write: false,
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "silent",
    metafile: true,
    plugins: [idle]
  })
  const lacking = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path))
  if (lacking.length > 0) throw new Error(`The page needs ${lacking.join(", ")}, which no browser has.`)
  const files = outputFiles.map(({ path, contents }) => [basename(path), contents])
  return new Map([...files, ["licences.txt", licencesOf(metafile)]])
}

/** Each file by its name. */
export const page = async () =>
  existsSync(SOURCE) ? made() : new Map(readdirSync(MADE).map((name) => [name, readFileSync(join(MADE, name))]))

if (process.argv[2] === "--make") {
  mkdirSync(MADE, { recursive: true })
  for (const [name, contents] of await made()) writeFileSync(join(MADE, name), contents)
}
