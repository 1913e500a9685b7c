import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
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

/** Neither lines nor order are the formatter's, so that any number of any names passes. */
const heading = (folder) =>
  [
    `// Written by bin/registry.mjs from the files in ${folder}/.`,
    "// biome-ignore-all format: written by the build",
    "// biome-ignore-all assist/source/organizeImports: written by the build",
    ""
  ].join("\n")

const importsText = (folder, names) =>
  names.map((name) => `import { ${camel(name)} } from "../${folder}/${name}.ts"\n`).join("")

const linesText = (names) => names.map((name) => `  ${camel(name)}`).join(",\n")

const writeSource = (file, text) => {
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text)
}

/**
 * A new file in `pipelines/` is a new command, and a stage is known by the file that exports it: the lists of both are
 * written here, and checked by `tsc` like any source. What the files say is read through `sources`.
 */
export const writeRegistry = (root, lists, sources) => {
  const pipelines = lists.pipelines.map(nameOf)
  writeSource(
    join(root, "worker", "registry.ts"),
    `${heading("pipelines")}import * as Pipeline from "../engine/Pipeline.ts"\n${importsText("pipelines", pipelines)}\nexport const pipelines = Pipeline.together([\n${linesText(pipelines)}\n])\n`
  )
  const stages = lists.stages.filter(exportsItsName(root, sources)).map(nameOf)
  writeSource(
    join(root, "worker", "stages.ts"),
    `${heading("stages")}${importsText("stages", stages)}\n/** What the files in stages/ export under their own names. */\nexport const exported: ReadonlyArray<unknown> = [\n${linesText(stages)}\n]\n`
  )
}
