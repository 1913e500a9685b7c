import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, expect, it } from "@effect/vitest"
import { project } from "../.pipeline/project.ts"
import { optionName } from "../cli/command/option-text.ts"
import type { StageDefinition } from "../engine/Node.ts"
import { defaults } from "../engine/Pipeline.ts"
import { root } from "./rig/bundle.ts"
import { type Imports, importsOf, reach } from "./rig/imports.ts"

// Rules that neither `tsc` nor the linter can see.

/** A stage being made, of whichever kind. */
const MAKES_A_STAGE = /\bStage\.(make|rows|iterate|map)\(/
const SOURCES = [
  "api",
  "artifacts",
  "cache",
  "engine",
  "files",
  "images",
  "kinds",
  "project",
  "stages",
  "pipelines",
  "worker",
  "cli",
  "ui"
]
/** Lines of a file, comments aside: nobody is to say less of a thing for their sake. */
const MOST_LINES = 250
/** Files over the limit, each with its reason. */
const LONGER: Readonly<Record<string, string>> = {}

const filesIn = (folder: string): ReadonlyArray<string> =>
  fs.readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = `${folder}/${entry.name}`
    return entry.isDirectory() ? filesIn(file) : file.endsWith(".ts") ? [file] : []
  })
const topFilesIn = (folder: string) => filesIn(folder).filter((file) => path.dirname(file) === folder)
const read = (file: string) => fs.readFileSync(path.join(root, file), "utf8")
/** The files of `stages/` in which a stage is made. */
const stageFiles = () => topFilesIn("stages").filter((file) => MAKES_A_STAGE.test(read(file)))
const linesOf = (file: string) => read(file).trimEnd().split("\n").length
const codeLinesOf = (file: string) =>
  read(file)
    .split("\n")
    .filter((line) => !/^\s*(\/\/|\/\*|\*|$)/.test(line)).length

/** Project files by what they import, types apart: what a stage's key counts. */
let imports: Imports = new Map()
beforeAll(async () => {
  imports = await importsOf(SOURCES.flatMap(filesIn))
})

/** What a module exports that is a stage. */
const stagesOf = async (file: string): Promise<ReadonlyArray<readonly [string, StageDefinition]>> => {
  const module: Readonly<Record<string, unknown>> = await import(path.join(root, file))
  return Object.entries(module).flatMap(([name, value]) => {
    const definition = typeof value === "function" ? (value as { definition?: StageDefinition }).definition : undefined
    return definition?._tag === "Stage" ? [[name, definition] as const] : []
  })
}
const camel = (name: string) => name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

it("a service's live layer lies in its tag's file, or that file imports it", () => {
  const without = [...filesIn("files"), ...filesIn("images")].filter((file) => {
    const text = read(file)
    if (!/extends Context\.Tag\(/.test(text)) return false
    const own = /static readonly (live|layer)\b|export const (live|layer)\w*/.test(text)
    return !own && !/from "\.\/.*live.*"/.test(text)
  })
  expect(without).toEqual([])
})

it("a stage's file is named after it, and exports it by that name", async () => {
  const made = stageFiles()
  expect(made).toEqual(expect.arrayContaining(["stages/ingest.ts", "stages/normalize.ts", "stages/train.ts"]))
  for (const file of made) {
    const name = path.basename(file, ".ts")
    expect((await stagesOf(file)).map(([exported, definition]) => [exported, definition.name])).toEqual([
      [camel(name), name]
    ])
  }
})

it("a stage is made at the top of its file, never inside a function: what varies is a parameter", () => {
  for (const file of SOURCES.flatMap(filesIn).filter((each) => !each.startsWith("engine/"))) {
    const made = read(file)
      .split("\n")
      .filter((line) => MAKES_A_STAGE.test(line))
    for (const line of made) expect([file, line]).toEqual([file, expect.stringMatching(/^export const \w+ = Stage\./)])
    if (made.length > 0) expect(path.dirname(file)).toBe("stages")
  }
})

/** Stages whose bytes are shown to be the same by any number of threads, and the test that does. */
const THREAD_NEUTRAL: Readonly<Record<string, string>> = {
  "stages/resize.ts": "test/images/models/resize.test.ts",
  "stages/resize-to-224.ts": "test/images/models/resize.test.ts"
}

it("a stage whose code reaches TensorFlow says which, and how many threads share a sum", async () => {
  const reaching = topFilesIn("stages").filter((file) => reach(imports, [file]).has("images/services/Tensorflow.ts"))
  expect(reaching).toContain("stages/train.ts")
  for (const file of reaching) {
    for (const [name, { facts, params }] of await stagesOf(file)) {
      const stated = Object.keys(facts(defaults(params)))
      // the runtime of a network names its version and what of the threads counts
      if (stated.includes("runtime")) continue
      const needed = file in THREAD_NEUTRAL ? ["tensorflow"] : ["tensorflow", "threads", "instructions"]
      expect([name, stated]).toEqual([name, expect.arrayContaining(needed)])
    }
  }
  for (const test of Object.values(THREAD_NEUTRAL)) expect(read(test)).toContain("their number is no fact")
})

it("of the platform's packages single modules are imported: by name they bring five megabytes that every worker would read", () => {
  const whole = SOURCES.flatMap(filesIn).filter((file) =>
    /^import (?!type )[^\n]* from "@effect\/platform(-node)?"$/m.test(read(file))
  )
  expect(whole).toEqual([])
})

it("no stage's code reaches a source: a change of how files are found and downloaded leaves results as they are", () => {
  const sources = topFilesIn("stages").filter((file) => /\bSource\.make\(/.test(read(file)))
  expect(sources).toContain("stages/dataset.ts")
  for (const file of stageFiles()) {
    const reached = reach(imports, [file])
    expect([file, [...sources, "images/services/Datasets.ts"].filter((each) => reached.has(each))]).toEqual([file, []])
  }
})

it("every way that the engine has to make a stage is one that these rules look for", () => {
  const ways = [...read("engine/Stage.ts").matchAll(/^export const (\w+) = <(?:(?!^export)[\s\S])*?\): Stage</gm)]
  expect(ways.map(([, name]) => name)).toEqual(["make", "iterate", "rows", "map"])
  for (const [, name] of ways) expect(`Stage.${name}(`).toMatch(MAKES_A_STAGE)
})

it("a stage's file is in the list of those that know their stage by its definition", async () => {
  const { exported } = project
  const listed = Object.values(exported).flatMap(
    (value) => (value as { readonly definition?: StageDefinition }).definition ?? []
  )
  const made = await Promise.all(topFilesIn("stages").map(stagesOf))
  expect(new Set(listed)).toEqual(new Set(made.flat().map(([, definition]) => definition)))
})

it("a pipeline's file is named after it, and the project lists every one", async () => {
  const { pipelines } = project
  const files = topFilesIn("pipelines").map((file) => path.basename(file, ".ts"))
  expect(pipelines.map(({ name }) => name).sort()).toEqual([...files].sort())
  for (const name of files) {
    const module: Readonly<Record<string, { readonly name?: string }>> = await import(
      path.join(root, `pipelines/${name}.ts`)
    )
    expect(module[camel(name)]?.name).toBe(name)
  }
})

it("the engine reaches no stage, service or model", () => {
  for (const file of [...filesIn("engine"), ...filesIn("cache"), ...filesIn("artifacts")]) {
    const found = [...reach(imports, [file])].filter((each) => !/^(engine|cache|artifacts)\//.test(each))
    expect([file, found]).toEqual([file, []])
  }
})

it("the command's code reaches no heavy package before it is needed", () => {
  const heavy = /^import (?!type\b).* from "(@tensorflow\/|sharp|vega|h5wasm|tar|yauzl|@resvg\/|apache-arrow)/m
  const eager = [...reach(imports, ["cli/main.ts"])].filter((file) => heavy.test(read(file)))
  // the one module of each that is itself imported lazily
  const lazily = new Set(
    SOURCES.flatMap(filesIn).flatMap((file) =>
      [...read(file).matchAll(/import\("(\.{1,2}\/[^"]+)"\)/g)].map(([, to]) =>
        path.relative(root, path.resolve(root, path.dirname(file), to ?? ""))
      )
    )
  )
  expect(eager.filter((file) => !lazily.has(file))).toEqual([])
})

it("an error tells what happened, what was expected and how to fix it, as data: none is made otherwise", () => {
  const otherwise = SOURCES.flatMap(filesIn).flatMap((file) =>
    [...read(file).matchAll(/class (\w+) extends (?:Schema|Data)\.TaggedError/g)].map(([, name]) => name)
  )
  expect(otherwise.sort()).toEqual(["BlobsFailed", "Unbounded"])
})

it("the command line alone writes parameters as options", async () => {
  const { pipelines } = project
  const options = new Set(pipelines.flatMap(({ params }) => Object.keys(params).map(optionName)))
  const written = SOURCES.filter((folder) => folder !== "cli")
    .flatMap(filesIn)
    .flatMap((file) => [...read(file).matchAll(/--([a-z][a-z-]*)/g)].map(([, name = ""]) => ({ file, name })))
  expect(written.filter(({ name }) => options.has(name))).toEqual([])
})

it("a test is left out by what it needs alone, in describeWith: nothing else skips one, or runs one alone", () => {
  const SKIPS = /\.(skip|skipIf|runIf|todo|only)\b(?=[.(])|[{,] *(skip|todo|only): *true\b/
  const tests = filesIn("test").filter((file) => file !== "test/rig/needs.ts" && file !== "test/architecture.test.ts")
  const found = tests.flatMap((file) =>
    read(file)
      .split("\n")
      .flatMap((line, at) => (SKIPS.test(line) ? [`${file}:${at + 1}: ${line.trim()}`] : []))
  )
  expect(found).toEqual([])
  expect(read("test/rig/needs.ts")).toMatch(SKIPS)
})

it("no test has a time limit of its own: what hangs is ended by that of all, which knows how busy the machine is", () => {
  const limited = filesIn("test").filter(
    (file) => /\.test\.ts$/.test(file) && /\btimeout: \d|^ *\}, [\d_]{4,}\)$/m.test(read(file))
  )
  expect(limited).toEqual([])
})

it("no test stands still while a Node program runs: vitest takes a worker that says nothing for a minute for lost", () => {
  const still = filesIn("test").filter((file) => /\b(spawn|execFile)Sync\(process\.execPath/.test(read(file)))
  // programs that tests write, which are processes of their own
  expect(still).toEqual(["test/bin/manifests.test.ts", "test/bin/small-builds.test.ts"])
})

it("what is real is asked for by tests in test/real alone: all others make what they take", () => {
  const elsewhere = filesIn("test").filter((file) =>
    /^test\/(?!real\/|rig\/(needs|data-files)\.ts|architecture)/.test(file)
  )
  expect(elsewhere.filter((file) => /data-files\.ts"/.test(read(file)))).toEqual([])
  expect(filesIn("test/real").filter((file) => !read(file).includes("describeWith(["))).toEqual([])
})

it("ARCHITECTURE.md stays under 150 lines", () => {
  expect(linesOf("ARCHITECTURE.md")).toBeLessThan(150)
})

it("a source file stays within 250 lines of code", () => {
  const long = SOURCES.flatMap(filesIn).filter((file) => codeLinesOf(file) > MOST_LINES && !(file in LONGER))
  expect(long.map((file) => `${file}: ${codeLinesOf(file)}`)).toEqual([])
})
