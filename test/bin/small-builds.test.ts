import { once } from "node:events"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { beforeAll, describe, expect, it } from "vitest"
import type { Code } from "../../cache/Key.ts"
import { mounted } from "../rig/bad-input.ts"
import { eventually, filesIn } from "../rig/cli.ts"
import { command, type Ended } from "../rig/command.ts"
import { folder } from "../rig/folder.ts"
import { smallProject } from "../rig/small-project.ts"

const imports = (file: string, from: string, more = "") => ({
  "stages/value.ts": `import { scale } from "${from}"\nexport const value = () => scale${more}\n`,
  [file]: "export const scale = 255\n"
})

describe("code of the same content", () => {
  const project = smallProject(imports("lib/scale.ts", "../lib/scale.ts"))
  const code = async () => (await project.run()).codes.value
  const digest = async () => (await code())?.digest
  let first: Code | undefined
  beforeAll(async () => {
    first = await code()
  })

  it("has one digest, wherever its files lie and whatever they are called", async () => {
    project.remove("lib")
    for (const [file, text] of Object.entries(imports("models/deep/scaling.ts", "../models/deep/scaling.ts")))
      project.write(file, text)
    const { codes } = await project.run()
    expect(codes.value?.digest).toBe(first?.digest)
    expect(Object.keys(codes.value?.files ?? {})).toEqual(["models/deep/scaling.ts", "stages/value.ts"])
  })

  it("has one digest with other comments, types and whitespace, and another with other code", async () => {
    project.write(
      "models/deep/scaling.ts",
      "/** Of a byte. */\nexport type T = 1\nexport const scale : number  = 255\n"
    )
    expect(await digest()).toBe(first?.digest)
    project.write("models/deep/scaling.ts", "export const scale = 254\n")
    expect(await digest()).not.toBe(first?.digest)
    project.write("models/deep/scaling.ts", "export const scale = 255\n")
    expect(await digest()).toBe(first?.digest)
  })
})

describe("a package that is bundled", () => {
  it("is the file that is counted, whatever other bundlers would take", async () => {
    const project = smallProject({
      "stages/value.ts": 'import { scale } from "inner"\nexport const value = () => scale\n',
      "node_modules/inner/package.json": JSON.stringify({
        name: "inner",
        version: "1.0.0",
        exports: { module: "./bundled.js", default: "./plain.js" }
      }),
      "node_modules/inner/bundled.js": "exports.scale = 1\n",
      "node_modules/inner/plain.js": "exports.scale = 255\n"
    })
    const first = await project.run()
    expect(first.value).toBe(255)
    project.write("node_modules/inner/plain.js", "exports.scale = 254\n")
    const second = await project.run()
    expect(second.value).toBe(254)
    expect(second.codes.value?.digest).not.toBe(first.codes.value?.digest)
  })
})

describe("an optional package", () => {
  it("counts where it is installed, by its content too, and as absent where it is not", async () => {
    const project = smallProject({
      "package.json": JSON.stringify({ name: "small", type: "module", optionalDependencies: { extra: "1.0.0" } }),
      "stages/value.ts": `
        export const value = () => import("extra").then(({ scale }) => scale, () => "none")
      `
    })
    const install = (scale: number) => {
      project.write("node_modules/extra/package.json", JSON.stringify({ name: "extra", version: "1.0.0" }))
      project.write("node_modules/extra/index.js", `exports.scale = ${scale}\n`)
    }
    const told = async () => {
      const { codes, value } = await project.run()
      return { value, digest: codes.value?.digest, extra: codes.value?.packages.extra }
    }
    const absent = await told()
    expect(absent).toMatchObject({ value: "none", extra: "absent" })
    install(1)
    const installed = await told()
    expect(installed).toMatchObject({ value: 1, extra: expect.stringMatching(/^1\.0\.0 \(/) })
    install(2)
    const patched = await told()
    expect(patched).toMatchObject({ value: 2 })
    expect(new Set([absent, installed, patched].map(({ digest }) => digest)).size).toBe(3)
    project.remove("node_modules/extra")
    expect(await told()).toEqual(absent)
  })

  it("that is not installed is named with the line that imports it at the top of a file", async () => {
    const project = smallProject({
      "package.json": JSON.stringify({ name: "small", type: "module", optionalDependencies: { extra: "1.0.0" } }),
      "stages/value.ts":
        '// what follows is loaded with every command\nimport { scale } from "extra"\nexport const value = () => scale\n'
    })
    const { status, stderr } = await project.command()
    expect([status, stderr]).toEqual([
      1,
      "error: The program cannot start: stages/value.ts:2: Cannot find module 'extra'; expected sources that can be loaded, and packages that are installed. Correct what npx tsc names; if it names nothing, run npm install.\n"
    ])
  })
})

describe("an import that leads nowhere", () => {
  it("is told with its line, and nothing else, where only the digests of the stages find it", async () => {
    const others = Object.fromEntries(
      Array.from({ length: 40 }, (_, at) => [`stages/other-${at}.ts`, `export const other${at} = ${at}\n`])
    )
    const project = smallProject({
      ...others,
      "stages/value.ts": 'export const value = () => 1\nexport const later = () => import("node:nowhere")\n'
    })
    const { status, stderr } = await project.command()
    expect([status, stderr]).toEqual([
      1,
      'error: The program cannot be built: stages/value.ts:2: Could not resolve "node:nowhere"; expected sources that compile, and packages installed by npm install. Correct the source named here, or run npm install.\n'
    ])
  })

  it("of the project's own is told first of many", async () => {
    const project = smallProject({
      "node_modules/lib/package.json": JSON.stringify({ name: "lib", version: "1.0.0" }),
      "node_modules/lib/index.js": ["a", "b", "c", "d"].map((name) => `require("lacks-${name}")\n`).join(""),
      "stages/value.ts": 'import "lib"\nimport "./nowhere.ts"\nexport const value = () => 1\n'
    })
    project.write("cli/main.ts", 'import "../stages/value.ts"\nexport const main = () => undefined\n')
    const { stderr } = await project.command()
    expect(stderr).toMatch(
      /^error: The program cannot be built: stages\/value\.ts:2: Could not resolve ".\/nowhere\.ts", /
    )
    expect(stderr).toContain(", and 2 more; expected sources that compile")
  })
})

describe("a build", () => {
  it("takes a stage whose file is a link, and JSON objects", async () => {
    const project = smallProject({
      ...imports("stages/scale.json", "./real.ts"),
      "stages/scale.json": '{ "scale": 255 }'
    })
    project.write("elsewhere/real.ts", 'import json from "../stages/scale.json"\nexport const scale = json.scale\n')
    project.link("stages/real.ts", project.at("elsewhere/real.ts"))
    const { codes, value } = await project.run()
    expect(value).toBe(255)
    expect(Object.keys(codes).sort()).toEqual(["real", "value"])
    expect(Object.keys(codes.real?.files ?? {})).toEqual(["elsewhere/real.ts", "stages/scale.json"])
  })

  it.each(["SIGINT", "SIGTERM"] as const)("that is ended by %s leaves one document, and no build", async (signal) => {
    const project = smallProject()
    project.remove("node_modules/esbuild")
    project.write("node_modules/esbuild/package.json", JSON.stringify({ name: "esbuild", version: "1.0.0" }))
    project.write(
      "node_modules/esbuild/index.js",
      'exports.stop = () => require("node:fs").writeFileSync("stopped", "")\nexports.build = () => { require("node:fs").writeFileSync("builds", ""); return new Promise((resolve) => setTimeout(resolve, 1e9)) }'
    )
    const running = project.start("--json")
    let said = ""
    running.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text
    })
    const ended = once(running, "close")
    await eventually(() => expect(project.exists("builds")).toBe(true))
    running.kill(signal)
    expect(await ended).toEqual([130, null])
    expect(JSON.parse(said)).toMatchObject({ schema: 1, status: "interrupted", error: { tag: "Interrupted" } })
    expect(project.exists("stopped")).toBe(true)
    expect(project.builds().filter((name) => !name.startsWith(".tmp-"))).toEqual([])
  })

  it("whose folders get files while it is made lists them all", async () => {
    const project = smallProject()
    const bundler = fs.readlinkSync(project.at("node_modules/esbuild"))
    project.remove("node_modules/esbuild")
    project.write(
      "node_modules/esbuild/index.js",
      `const fs = require("node:fs")
       const { build } = require(${JSON.stringify(bundler)})
       exports.build = async (options) => {
         const built = await build(options)
         for (const file of ["stages/late.ts", "pipelines/late.ts"])
           if (!fs.existsSync(file)) fs.writeFileSync(file, "export const late = 1\\n")
         return built
       }`
    )
    expect(Object.keys((await project.run()).codes)).toEqual(["late", "value"])
    expect(project.read(".pipeline/project.ts").match(/"\.\.\/(stages|pipelines)\/late\.ts"/g)).toHaveLength(2)
  })

  it("is found again without bundling where only times changed, or an edit was taken back", async () => {
    const project = smallProject(imports("lib/scale.ts", "../lib/scale.ts"))
    await project.run()
    const [id] = project.builds()
    // whoever bundles would fail now
    const bundler = fs.readlinkSync(project.at("node_modules/esbuild"))
    project.link("node_modules/esbuild", "/nowhere")
    fs.utimesSync(project.at("lib/scale.ts"), 1, 1)
    expect((await project.run()).value).toBe(255)
    project.link("node_modules/esbuild", bundler)
    project.write("lib/scale.ts", "export const scale = 1\n")
    expect((await project.run()).value).toBe(1)
    project.link("node_modules/esbuild", "/nowhere")
    project.write("lib/scale.ts", "export const scale = 255\n")
    expect((await project.run()).value).toBe(255)
    expect(project.builds()).toContain(id)
    expect(project.builds()).toHaveLength(2)
  })

  it.each([
    ["JSON that is none", { "stages/scale.json": "{" }, /stages\/scale\.json:1: /],
    ["a tsconfig.json that is none", { "tsconfig.json": "{ nothing" }, /tsconfig\.json: /],
    [
      "a file of an ending that nothing reads",
      { "stages/value.ts": 'import "./a.weights"', "stages/a.weights": "" },
      /stages\/value\.ts:1: /
    ]
  ])("that fails names the file: %s", async (_, files, what) => {
    const base = { "stages/value.ts": 'import json from "./scale.json"\nexport const value = () => json\n' }
    const { status, stderr } = await smallProject({ ...base, ...files }).command()
    expect(status).toBe(1)
    expect(stderr).toMatch(/^error: The program cannot be built: /)
    expect(stderr).toMatch(what)
  })

  it("takes no editor's lock, shadow of a file or declarations for a pipeline or stage", async () => {
    const project = smallProject({
      "stages/._value.ts": "\0",
      "stages/value.d.ts": "export declare const value: () => number\n",
      "pipelines/folder.ts/one.ts": "export const one = 1\n"
    })
    for (const folder of ["stages", "pipelines"]) project.link(`${folder}/.#value.ts`, "somebody@somewhere.1")
    project.link("pipelines/gone.ts", "nowhere.ts")
    expect(Object.keys((await project.run()).codes)).toEqual(["value"])
    expect(project.read(".pipeline/project.ts")).not.toContain("../pipelines/")
  })

  it.each(["a+b.ts", "[id].ts", "train.test.ts", "9net.ts", "Net.ts"])("refuses %s by name", async (file) => {
    const { status, stderr } = await smallProject({ [`pipelines/${file}`]: "export const one = 1\n" }).command()
    expect([status, stderr]).toEqual([
      1,
      `error: The program cannot be built: pipelines/${file} has a name that no pipeline or stage can have; expected a name in kebab-case, such as train-network.ts. Rename it, or move it elsewhere.\n`
    ])
  })
})

describe("a project that can only be read", () => {
  /** Runs the command where the project is mounted read-only. */
  const readOnly = (project: ReturnType<typeof smallProject>, temporary: string) => {
    const script = `mount --bind "${project.root}" "${project.root}" && mount -o remount,ro,bind "${project.root}" || exit 99; "$@"`
    const at = folder("headrace-read-only")
    const [mount = "", ...args] = mounted("size=1m", ({ home }) => home, script)({ home: at, results: at })
    return command(mount, [...args, process.execPath, project.at("bin/pipeline.mjs")], {
      cwd: project.root,
      env: { ...process.env, TMPDIR: temporary }
    })
  }
  const printed = ({ stdout, stderr }: Ended) => {
    expect(stdout, stderr).not.toBe("")
    return JSON.parse(stdout).value
  }

  it("runs its build where only the time of a source changed", async () => {
    const project = smallProject(imports("lib/scale.ts", "../lib/scale.ts"))
    await project.run()
    fs.utimesSync(project.at("lib/scale.ts"), 1, 1)
    const before = filesIn(project.root)
    expect(printed(await readOnly(project, tmpdir()))).toBe(255)
    expect(filesIn(project.root)).toEqual(before)
  })

  it("runs a temporary build of other sources, whose worker finds the packages, and leaves nothing behind", async () => {
    const project = smallProject({
      "package.json": JSON.stringify({ name: "small", type: "module", dependencies: { outside: "1.0.0" } }),
      "node_modules/outside/package.json": JSON.stringify({ name: "outside", version: "1.0.0", type: "module" }),
      "node_modules/outside/index.js": "export const outside = 254\n",
      "lib/scale.ts": "export const scale = 255\n",
      "worker/main.ts": `
        import { outside } from "outside"
        import { scale } from "../lib/scale.ts"
        export const main = () => console.log(outside + scale)
      `,
      "cli/main.ts": `
        import { execFileSync } from "node:child_process"
        export const main = (_project: unknown, { build }: { readonly build: string }) => {
          const value = Number(execFileSync(process.execPath, [build + "/worker.mjs"]))
          console.log(JSON.stringify({ value }))
        }
      `
    })
    expect((await project.run()).value).toBe(509)
    project.write("lib/scale.ts", "export const scale = 1\n")
    const temporary = folder("headrace-temporary")
    expect(printed(await readOnly(project, temporary))).toBe(255)
    expect(fs.readdirSync(temporary)).toEqual([])
  })
})
