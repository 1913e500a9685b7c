import * as fs from "node:fs"
import * as path from "node:path"
import { folder } from "./folder.ts"

const checkout = path.resolve(import.meta.dirname, "../..")

const FILES: Readonly<Record<string, string>> = {
  "package.json": JSON.stringify({ name: "waiting", version: "1.0.0", type: "module", private: true }),
  "headrace.config.ts": 'import { Project } from "headrace"\n\nexport default Project.plain()\n',
  "artifacts/Waited.ts": `
    import { Schema } from "effect"
    import { Document } from "headrace"

    export const Waited = Document.make("Waited", 1, Schema.Struct({ number: Schema.Number }))
  `,
  // each time that it is computed it adds a line to a file beside the project, which no key knows of
  "stages/wait.ts": `
    import { appendFileSync } from "node:fs"
    import { setTimeout } from "node:timers/promises"
    import { Effect, Schema } from "effect"
    import { Machine, Param, Progress, Stage } from "headrace"
    import { Waited } from "../artifacts/Waited.ts"

    export const wait = Stage.make({
      name: "wait",
      inputs: {},
      params: {
        number: Param.make(Schema.Int, 0, "Tells one from another"),
        millis: Param.make(Schema.Int, 0, "How long it takes"),
        how: Param.make(Schema.Literal("well", "fail", "die"), "well", "What becomes of it")
      },
      outputs: { waited: Waited },
      facts: { threads: Machine.threads },
      environment: ["WAITING"],
      secrets: ["WAITING_TOKEN"],
      run: ({}, { number, millis, how }) =>
        Effect.gen(function* () {
          if (how === "die") process.kill(process.ppid, "SIGKILL")
          console.log("waiting for " + millis)
          if (how === "fail") return yield* Effect.dieMessage("told to fail")
          yield* Progress.report({ done: 1, total: 2, unit: "turns" })
          yield* Effect.promise(() => setTimeout(millis))
          appendFileSync(new URL("COUNTS", import.meta.url), number + "\\n")
          return { waited: { number } }
        })
    })
  `,
  "stages/add-one.ts": `
    import { Effect } from "effect"
    import { Stage } from "headrace"
    import { Waited } from "../artifacts/Waited.ts"

    export const addOne = Stage.make({
      name: "add-one",
      inputs: { waited: Waited },
      outputs: { added: Waited },
      run: ({ waited }) => Effect.succeed({ added: { number: waited.number + 1 } })
    })
  `,
  // best at 50, and better with every turn
  "stages/climb.ts": `
    import { Effect, Schema } from "effect"
    import { Checkpoint, Param, Stage } from "headrace"
    import { Waited } from "../artifacts/Waited.ts"

    export const climb = Stage.iterate({
      name: "climb",
      inputs: {},
      params: {
        number: Param.make(Schema.Int, 0, "Where it climbs"),
        turns: Param.make(Schema.Int.pipe(Schema.positive()), 9, "How far")
      },
      steps: "turns",
      state: Checkpoint.make("Climbed", 1),
      outputs: { climbed: Waited },
      run: ({}, { number }) =>
        Effect.sync(() => {
          let done = 0
          return {
            resume: ({ texts }) =>
              Effect.sync(() => {
                done = Number(texts.done)
              }),
            step: (at: number) =>
              Effect.sync(() => {
                done = at
                return null
              }),
            save: Effect.sync(() => ({ arrays: {}, texts: { done: String(done) } })),
            finish: Effect.sync(() => ({ climbed: { number: done - Math.abs(number - 50) } }))
          }
        })
    })
  `,
  "pipelines/climbing.ts": `
    import { Pipeline } from "headrace"
    import { climb } from "../stages/climb.ts"

    export const climbing = Pipeline.make({
      name: "climbing",
      description: "Climbs by turns",
      params: climb.params,
      build: (params) => climb({}, params)
    })
  `,
  "pipelines/waiting.ts": `
    import { Pipeline } from "headrace"
    import { addOne } from "../stages/add-one.ts"
    import { wait } from "../stages/wait.ts"

    export const waiting = Pipeline.make({
      name: "waiting",
      description: "Waits, and adds one",
      params: wait.params,
      build: (params) => ({ added: addOne({ waited: wait({}, params).waited }).added })
    })
  `
}

/** Another checkout of a project that is there, whose files are `files`. */
export const checkoutOf = (project: string, files: Readonly<Record<string, string>> = {}): string => {
  const root = path.join(folder("headrace-checkout"), "project")
  fs.cpSync(project, root, { recursive: true, filter: (from) => path.basename(from) !== ".pipeline" })
  for (const [file, text] of Object.entries(files)) fs.writeFileSync(path.join(root, file), text)
  return root
}

/** A project whose nodes take the time that they are told to, and no more of a processor than a process does. */
export const waitingProject = (): { readonly root: string; readonly counted: () => ReadonlyArray<number> } => {
  const root = path.join(folder("headrace-waiting"), "project")
  const counts = path.join(root, "..", "counts.txt")
  fs.mkdirSync(root)
  fs.writeFileSync(counts, "")
  for (const [file, text] of Object.entries(FILES)) {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
    const flush = text.replaceAll(/^ {4}/gm, "").trimStart()
    fs.writeFileSync(path.join(root, file), flush.replace('new URL("COUNTS", import.meta.url)', JSON.stringify(counts)))
  }
  fs.mkdirSync(path.join(root, "node_modules"))
  fs.symlinkSync(checkout, path.join(root, "node_modules/headrace"))
  fs.symlinkSync(path.join(checkout, "node_modules/effect"), path.join(root, "node_modules/effect"))
  return {
    root,
    /** The numbers of the nodes that were computed, as often as they were, sorted. */
    counted: () =>
      fs
        .readFileSync(counts, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map(Number)
        .sort((one, other) => one - other)
  }
}
