import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import type { Code } from "../../cache/Key.ts"
import { root as checkout } from "./bundle.ts"
import { command as end } from "./command.ts"
import { folder } from "./folder.ts"

/** What the command of a small project prints: the code of its stages, and the value that `stages/value.ts` exports. */
export interface Told {
  readonly codes: Readonly<Record<string, Code>>
  readonly value: unknown
}

const FILES: Readonly<Record<string, string>> = {
  "package.json": JSON.stringify({ name: "small", version: "1.0.0", type: "module" }),
  "headrace.config.ts": "export default {}",
  "node_modules/headrace/package.json": JSON.stringify({ name: "headrace", type: "module", exports: "./index.js" }),
  "node_modules/headrace/index.js": "export const Project = { whole: (...parts) => parts }",
  "cli/main.ts": `
    import { readFileSync } from "node:fs"
    import { value } from "../stages/value.ts"
    export const main = (_project: unknown, { build }: { readonly build: string }) => {
      const codes = JSON.parse(readFileSync(build + "/code.json", "utf8"))
      Promise.resolve(value()).then((value) => console.log(JSON.stringify({ codes, value })))
    }
  `,
  "worker/start.ts": "export {}",
  "worker/main.ts": `
    import { value } from "../stages/value.ts"
    export const main = () => value()
  `,
  "stages/value.ts": "export const value = () => 1",
  "pipelines/.keep": ""
}

/** A project of a few lines that the real launcher builds and runs: one stage, and no package but the bundler. */
export const smallProject = (files: Readonly<Record<string, string>> = {}) => {
  const root = path.join(folder("headrace-small"), "project")
  const at = (file: string) => path.join(root, file)
  const write = (file: string, text: string) => {
    fs.mkdirSync(path.dirname(at(file)), { recursive: true })
    fs.writeFileSync(at(file), text)
  }
  const link = (file: string, to: string) => {
    fs.mkdirSync(path.dirname(at(file)), { recursive: true })
    fs.rmSync(at(file), { force: true })
    fs.symlinkSync(to, at(file))
  }
  for (const [file, text] of Object.entries({ ...FILES, ...files })) write(file, text)
  fs.cpSync(path.join(checkout, "bin"), at("bin"), { recursive: true })
  link("node_modules/esbuild", fs.realpathSync(path.join(checkout, "node_modules/esbuild")))

  const command = (...args: ReadonlyArray<string>) =>
    end(process.execPath, [at("bin/pipeline.mjs"), ...args], { cwd: root })
  const run = async (): Promise<Told> => {
    const { status, stdout, stderr } = await command()
    if (status !== 0) throw new Error(`the command ended with ${status}: ${stderr}`)
    return JSON.parse(stdout)
  }
  /** A command that is not waited for. */
  const start = (...args: ReadonlyArray<string>) =>
    spawn(process.execPath, [at("bin/pipeline.mjs"), ...args], { cwd: root, stdio: ["ignore", "pipe", "inherit"] })
  return {
    root,
    at,
    start,
    write,
    link,
    command,
    run,
    read: (file: string) => fs.readFileSync(at(file), "utf8"),
    exists: (file: string) => fs.existsSync(at(file)),
    remove: (file: string) => fs.rmSync(at(file), { recursive: true, force: true }),
    /** Builds that are kept, by id. */
    builds: () => fs.readdirSync(at(".pipeline/build")).filter((name) => name !== "current.json")
  }
}
