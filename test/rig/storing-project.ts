import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { command } from "./command.ts"
import { folder } from "./folder.ts"

const checkout = path.resolve(import.meta.dirname, "../..")

const FILES: Readonly<Record<string, string>> = {
  "package.json": JSON.stringify({ name: "storing", version: "1.0.0", type: "module", private: true }),
  "headrace.config.ts": 'import { Project } from "headrace"\n\nexport default Project.plain()\n',
  "artifacts/Numbers.ts": `
    import { Schema } from "effect"
    import { ArrowTable, Document } from "headrace"

    export const Numbers = ArrowTable.make("Numbers", 1, { value: "float64" })
    export const Total = Document.make("Total", 1, Schema.Struct({ total: Schema.Number }))
    export const columnOf = (seed: number, rows: number) => Float64Array.from({ length: rows }, (_, row) => Math.sin(seed * 1e4 + row))
  `,
  "stages/read.ts": `
    import { Effect, Schema } from "effect"
    import { ArrowTable, Param, Stage } from "headrace"
    import { columnOf, Numbers } from "../artifacts/Numbers.ts"

    export const read = Stage.make({
      name: "read",
      inputs: {},
      params: { rows: Param.make(Schema.Int, 20_000, "How many"), from: Param.make(Schema.Int, 0, "Which") },
      outputs: { numbers: Numbers },
      run: ({}, { rows, from }) => Effect.succeed({ numbers: ArrowTable.of(Numbers, { value: columnOf(from, rows) }) })
    })
  `,
  "stages/fit.ts": `
    import { Effect, Schema } from "effect"
    import { ArrowTable, Param, Stage } from "headrace"
    import { columnOf, Numbers } from "../artifacts/Numbers.ts"

    export const fit = Stage.make({
      name: "fit",
      inputs: { numbers: Numbers },
      params: { seed: Param.make(Schema.Int, 1, "Which model"), size: Param.make(Schema.Int, 10_000, "Of the model") },
      outputs: { model: Numbers },
      run: ({ numbers }, { seed, size }) =>
        Effect.gen(function* () {
          const rows = yield* ArrowTable.collectRows(numbers)
          return { model: ArrowTable.of(Numbers, { value: columnOf(seed + (rows[0]?.value ?? 0), size) }) }
        })
    })
  `,
  "stages/score.ts": `
    import { Effect } from "effect"
    import { ArrowTable, Stage } from "headrace"
    import { Numbers, Total } from "../artifacts/Numbers.ts"

    export const score = Stage.make({
      name: "score",
      inputs: { model: Numbers, numbers: Numbers },
      outputs: { metrics: Total },
      run: ({ model, numbers }) =>
        Effect.gen(function* () {
          const [one, other] = [yield* ArrowTable.collectRows(model), yield* ArrowTable.collectRows(numbers)]
          return { metrics: { total: [...one, ...other].reduce((sum, { value }) => sum + value, 0) } }
        })
    })
  `,
  "pipelines/storing.ts": `
    import { Pipeline } from "headrace"
    import { fit } from "../stages/fit.ts"
    import { read } from "../stages/read.ts"
    import { score } from "../stages/score.ts"

    export const storing = Pipeline.make({
      name: "storing",
      description: "Keeps numbers",
      params: { ...read.params, ...fit.params },
      build: (params) => {
        const { numbers } = read({}, params)
        const { model } = fit({ numbers }, params)
        return { metrics: score({ model, numbers }).metrics }
      }
    })
  `
}

/** Commands of a project on a store. */
const on = (root: string, home: string) => {
  const launcher = path.join(checkout, "bin/pipeline.mjs")
  const settings = (env: Readonly<Record<string, string>>) => ({
    cwd: root,
    env: { ...process.env, PIPELINE_HOME: home, PIPELINE_KEEP_SIZE: "off", ...env }
  })
  const pipeline = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
    command(process.execPath, [launcher, ...args], settings(env))
  return {
    root,
    home,
    pipeline,
    /** What the command answers under `--json`, which must be that all went well. */
    asked: async (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) => {
      const { status, stdout, stderr } = await pipeline([...args, "--json"], env)
      if (status !== 0) throw new Error(`pipeline ${args.join(" ")}: ${stderr}${stdout}`)
      return JSON.parse(stdout)
    },
    /** Starts it in a process group of its own, and waits for nothing. */
    start: (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
      spawn(process.execPath, [launcher, ...args], { ...settings(env), stdio: "ignore", detached: true })
  }
}
export type StoringProject = ReturnType<typeof on>

/**
 * A project whose models take room: 160 kB of numbers, a model of 80 kB a seed, and what it scores, which is small; and whatever a test
 * adds to it.
 */
export const storingProject = (added: Readonly<Record<string, string>> = {}) => {
  const root = path.join(folder("headrace-storing"), "project")
  for (const [file, text] of Object.entries({ ...FILES, ...added })) {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
    fs.writeFileSync(path.join(root, file), text.replaceAll(/^ {4}/gm, "").trimStart())
  }
  fs.mkdirSync(path.join(root, "node_modules"))
  fs.symlinkSync(checkout, path.join(root, "node_modules/headrace"))
  fs.symlinkSync(path.join(checkout, "node_modules/effect"), path.join(root, "node_modules/effect"))
  return {
    ...on(root, path.join(root, "..", "home")),
    /** The same project, as it is built, on an empty store. */
    anew: () => on(root, path.join(folder("headrace-storing"), "home"))
  }
}

/** The bytes of the files under a folder, each once however many names it has. */
export const bytesUnder = (at: string): number => {
  const seen = new Map<number, number>()
  for (const entry of fs.readdirSync(at, { recursive: true, withFileTypes: true })) {
    const stat = fs.lstatSync(path.join(entry.parentPath, entry.name), { throwIfNoEntry: false })
    if (stat?.isFile() === true) seen.set(stat.ino, stat.size)
  }
  return [...seen.values()].reduce((sum, size) => sum + size, 0)
}
