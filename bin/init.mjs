import { execFileSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { basename, dirname, join, relative, resolve } from "node:path"
import { CORE } from "./core.mjs"
import { refusal } from "./sources.mjs"

/** What a folder may have in it that becomes a project. */
const MAY_LIE_THERE = new Set([".git"])

/** Where this Headrace came from, as a dependency of a project in `folder`: the tarball, folder or repository that it was installed from. */
const originFor = (folder) => {
  const packages = dirname(CORE)
  const fileAt = (path) => `file:${relative(folder, path)}`
  if (basename(packages) !== "node_modules") return fileAt(CORE)
  const installed = join(packages, ".package-lock.json")
  const { resolved } = existsSync(installed)
    ? (JSON.parse(readFileSync(installed, "utf8")).packages?.["node_modules/headrace"] ?? {})
    : {}
  if (typeof resolved !== "string") return fileAt(CORE)
  return resolved.startsWith("file:") ? fileAt(resolve(dirname(packages), resolved.slice("file:".length))) : resolved
}

/** The name of a package from that of its folder. */
const packageName = (folder) =>
  basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+/, "") || "project"

/** Writes a project that runs: a table of rents, two stages, a test. Gives its files. */
export const init = (to) => {
  const folder = resolve(to)
  if (existsSync(folder) && readdirSync(folder).some((name) => !MAY_LIE_THERE.has(name)))
    throw refusal(
      `${folder} is not empty`,
      "a new folder, or an empty one",
      "Name another, or write headrace.config.ts into this one: export default Project.plain()."
    )
  // a checkout has its types where a package has them
  if (existsSync(join(CORE, "tsconfig.dist.json")) && !existsSync(join(CORE, "dist")))
    execFileSync("npm", ["run", "dist", "--silent"], { cwd: CORE, stdio: "inherit" })
  const own = JSON.parse(readFileSync(join(CORE, "package.json"), "utf8"))
  const pinned = (name) => [name, { ...own.devDependencies, ...own.dependencies }[name]]
  const name = packageName(folder)
  const manifest = {
    name,
    version: "0.1.0",
    private: true,
    type: "module",
    scripts: { check: "pipeline --build && tsc", test: "vitest run" },
    dependencies: Object.fromEntries([pinned("effect"), ["headrace", originFor(folder)]]),
    devDependencies: Object.fromEntries(["@types/node", "typescript", "vitest"].map(pinned))
  }
  mkdirSync(folder, { recursive: true })
  cpSync(join(CORE, "template"), folder, { recursive: true })
  renameSync(join(folder, "gitignore"), join(folder, ".gitignore"))
  const readme = join(folder, "README.md")
  writeFileSync(readme, readFileSync(readme, "utf8").replace("# NAME", `# ${name}`))
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`)
  return { folder, headrace: manifest.dependencies.headrace }
}
