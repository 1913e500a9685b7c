import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, dirname, join, relative } from "node:path"
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

/** The sources in a folder, sorted; none where a project has no such folder. */
const filesIn = (root, folder) =>
  kindAt(join(root, folder)) !== "folder"
    ? []
    : readdirSync(join(root, folder))
        .filter((file) => isSource(root, folder, file))
        .sort()

/** The files that the registry is made of, by their folders. */
export const listed = (root) => ({ stages: filesIn(root, "stages"), pipelines: filesIn(root, "pipelines") })

/** Whether a stage's file exports something under its own name: what it exports may be a stage, or a source. */
const exportsItsName =
  (sources) =>
  ({ file, name }) =>
    new RegExp(`^export const ${camel(name)}\\b`, "m").test(sources.read(file).bytes)

/**
 * The files that stages have: `label`, by which their code is known, `name`, under which each exports what it makes, and
 * `from`, by which a file at the root imports it. The project's own come first.
 */
export const stageFiles = (root, { stages }, packages) => [
  ...stages.map((file) => {
    const name = basename(file, ".ts")
    return { label: name, name, file: join(root, "stages", file), from: `./stages/${file}` }
  }),
  ...packages.flatMap(({ name: of, stages: files }) =>
    files.map((file) => {
      const name = basename(file, ".js")
      return { label: `${of}/${name}`, name, file, from: `./${relative(root, file)}` }
    })
  )
]

/** Refuses a file in `pipelines/` that does not export one pipeline under its own name: anything else in it would be no command, without a word. */
const checkPipeline = (root, file, sources) => {
  const text = String(sources.read(join(root, "pipelines", file)).bytes)
  const own = camel(basename(file, ".ts"))
  if (!new RegExp(`^export (const ${own}\\b|\\{[^}]*\\b${own}\\b[^}]*\\})`, "m").test(text))
    throw refusal(
      `pipelines/${file} exports nothing by its own name`,
      `"export const ${own} = Pipeline.make({ … })"`,
      "Export the pipeline so, or move the file elsewhere."
    )
  const others = [...text.matchAll(/^export const (\w+) = Pipeline\.make\b/gm)].flatMap(([, name]) =>
    name === own ? [] : [name]
  )
  if (others.length > 0)
    throw refusal(
      `pipelines/${file} exports ${others.join(", ")} beside ${own}`,
      "one pipeline a file, whose name is the command's",
      "Move it into a file of its own."
    )
}

/** What describes a project, at its root. */
export const CONFIG = "headrace.config.ts"

/**
 * The project as one value: what its configuration says with all that its files hold, as a source at its root. A new file in
 * `pipelines/` is a new command, and a stage is known by the file that exports it. What the files say is read through `sources`.
 */
export const projectText = (root, pipelines, stages, sources) => {
  for (const file of pipelines) checkPipeline(root, file, sources)
  const names = pipelines.map((file) => basename(file, ".ts"))
  const exporting = stages.filter(exportsItsName(sources))
  return [
    'import { Project } from "headrace"',
    `import config from "./${CONFIG}"`,
    ...names.map((name, at) => `import { ${camel(name)} as pipeline${at} } from "./pipelines/${name}.ts"`),
    ...exporting.map(({ name, from }, at) => `import { ${camel(name)} as stage${at} } from ${JSON.stringify(from)}`),
    "",
    "export const project = Project.whole(",
    "  config,",
    "  {",
    // a line each, which is where tsc says what a pipeline lacks
    ...names.map((name, at) => `    ${JSON.stringify(name)}: pipeline${at},`),
    "  },",
    `  { ${exporting.map(({ label }, at) => `${JSON.stringify(label)}: stage${at}`).join(", ")} }`,
    ")",
    ""
  ].join("\n")
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
