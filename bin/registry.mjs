import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { kindAt, refusal } from "./sources.mjs"

const camel = (name) => name.replace(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase())

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*\.ts$/

/** Whether it is a source, or a link to one: no editor's lock, no system's shadow of another file, no declarations. */
const isSource = (root, folder, file) => {
  if (file.startsWith(".") || !file.endsWith(".ts") || file.endsWith(".d.ts")) return false
  if (kindAt(join(root, folder, file)) !== "file") return false
  if (NAME.test(file)) return true
  throw refusal(
    `${folder}/${file} has a name that no pipeline or stage can have`,
    "a name in kebab-case, such as train-network.ts",
    "Rename it, or move it elsewhere."
  )
}

/** The sources in a folder, sorted. */
const filesIn = (root, folder) =>
  readdirSync(join(root, folder))
    .filter((file) => isSource(root, folder, file))
    .sort()

/** The files that the registry is made of, by their folders. */
export const listed = (root) => ({ stages: filesIn(root, "stages"), pipelines: filesIn(root, "pipelines") })

const nameOf = (file) => basename(file, ".ts")

/** Whether a file in `stages/` exports something under its own name: what it exports may be a stage, or a source. */
const exportsItsName = (root, sources) => (file) =>
  new RegExp(`^export const ${camel(nameOf(file))}\\b`, "m").test(sources.read(join(root, "stages", file)).bytes)

const importsText = (folder, names) =>
  names.map((name) => `import { ${camel(name)} } from "./${folder}/${name}.ts"\n`).join("")

const linesText = (names) => names.map((name) => `  ${camel(name)}`).join(",\n")

/** What describes a project, at its root. */
export const CONFIG = "headrace.config.ts"

/**
 * The project as one value: what its configuration says with all that its files hold, as a source at its root. A new file in
 * `pipelines/` is a new command, and a stage is known by the file that exports it. What the files say is read through `sources`.
 */
export const projectText = (root, lists, sources) => {
  const pipelines = lists.pipelines.map(nameOf)
  const stages = lists.stages.filter(exportsItsName(root, sources)).map(nameOf)
  return `import { Project } from "headrace"
import config from "./${CONFIG}"
${importsText("pipelines", pipelines)}${importsText("stages", stages)}
export const project = Project.whole(config, [
${linesText(pipelines)}
], [
${linesText(stages)}
])
`
}

/** The same for `tsc`, which finds out there whether the project's layers give what its pipelines need. Nothing is built of it. */
export const writeProject = (root, text) => {
  const file = join(root, ".pipeline", "project.ts")
  const written = `// Written by pipeline from ${CONFIG} and the files in pipelines/ and stages/, for tsc.\n${text.replaceAll('from "./', 'from "../')}`
  try {
    if (existsSync(file) && readFileSync(file, "utf8") === written) return
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, written)
  } catch {
    // a read-only checkout is checked where it was written
  }
}
