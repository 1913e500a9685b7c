import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { documentOf, eventually, filesIn, ownPackages, pipeline, project, type Rig, rig, start } from "../rig/cli.ts"
import { folder } from "../rig/folder.ts"
import { strangers } from "../rig/strangers.ts"

const builds = ({ root }: Rig) => path.join(root, ".pipeline/build")
const currentOf = (at: Rig): string => JSON.parse(fs.readFileSync(path.join(builds(at), "current.json"), "utf8")).id

/** A project of which nothing was built yet. */
const fresh = (): Rig => rig({ root: project({ isBuilt: false }) })

/** The code of every stage, as the build of the sources as they are has it. */
const build = async (at: Rig): Promise<Readonly<Record<string, unknown>>> => {
  const finished = await pipeline(at, "--build")
  expect(finished.code, finished.stderr).toBe(0)
  return JSON.parse(fs.readFileSync(path.join(builds(at), currentOf(at), "code.json"), "utf8"))
}

/** Has the project's bundler run `after` when it has bundled something. */
const slowBundler = (root: string, after: string) => {
  const own = path.join(ownPackages(root), "esbuild")
  const shared = fs.realpathSync(own)
  fs.rmSync(own)
  fs.mkdirSync(own)
  fs.writeFileSync(
    path.join(own, "index.js"),
    `const fs = require("node:fs")
     const real = require(${JSON.stringify(shared)})
     exports.build = async (options) => {
       const built = await real.build(options)
       ${after}
       return built
     }`
  )
}

describe("a build", () => {
  for (const what of ["a FIFO", "an endless device"])
    it(`whose records are ${what} is made anew, and waited for by nobody`, async () => {
      const at = fresh()
      const code = await build(at)
      const id = currentOf(at)
      for (const record of ["current.json", `${id}/basis.json`]) strangers[what]?.(path.join(builds(at), record))
      expect(await build(at)).toEqual(code)
      expect(currentOf(at)).toBe(id)
      for (const record of ["current.json", `${id}/basis.json`])
        expect(fs.lstatSync(path.join(builds(at), record)).isFile(), record).toBe(true)
    })

  it("that another command finished first is left alone: somebody runs from it", async () => {
    const at = fresh()
    const gate = path.join(folder("headrace-gate"), "gate")
    slowBundler(
      at.root,
      `fs.writeFileSync(process.env.GATE + ".reached", "")
       while (!fs.existsSync(process.env.GATE)) await new Promise((resolve) => setTimeout(resolve, 10))`
    )
    const slow = start({ ...at, env: { GATE: gate } }, "list")
    await eventually(() => expect(fs.existsSync(`${gate}.reached`)).toBe(true))
    const others = ["one", "two"].map((name) => {
      fs.writeFileSync(path.join(path.dirname(gate), name), "")
      return pipeline({ ...at, env: { GATE: path.join(path.dirname(gate), name) } }, "list")
    })
    for (const { code, stderr } of await Promise.all(others)) expect(code, stderr).toBe(0)
    const made = () => fs.statSync(path.join(builds(at), currentOf(at))).ino
    const before = made()
    fs.writeFileSync(gate, "")
    const { code, stderr } = await slow.finished
    expect(code, stderr).toBe(0)
    expect(made()).toBe(before)
    expect(fs.readdirSync(builds(at)).sort()).toEqual([currentOf(at), "current.json"].sort())
  })

  it("whose sources change while it is made is of the changed ones", async () => {
    const at = fresh()
    slowBundler(
      at.root,
      `if (!fs.existsSync(process.env.ONCE)) {
         fs.writeFileSync(process.env.ONCE, "")
         fs.appendFileSync("stages/train.ts", "export const later = 1\\n")
       }`
    )
    const once = path.join(folder("headrace-once"), "once")
    const built = await build({ ...at, env: { ONCE: once } })
    expect(fs.existsSync(once)).toBe(true)
    expect(fs.readdirSync(builds(at)).sort()).toEqual([currentOf(at), "current.json"].sort())
    expect(built).toEqual(await build({ ...rig({ root: at.root }), env: { ONCE: once } }))
    fs.writeFileSync(path.join(at.root, "stages/train.ts"), fs.readFileSync(path.join(project(), "stages/train.ts")))
    const original = await build({ ...at, env: { ONCE: once } })
    expect(
      Object.keys(built).filter((stage) => JSON.stringify(built[stage]) !== JSON.stringify(original[stage]))
    ).toEqual(["train"])
  })

  it("that somebody removed is made again; one that nobody ran for a week goes", async () => {
    const at = rig()
    await build(at)
    const first = path.join(builds(at), currentOf(at))
    fs.rmSync(first, { recursive: true })
    expect((await pipeline(at, "list")).code).toBe(0)
    const weekAgo = Date.now() / 1000 - 7.1 * 24 * 3600
    fs.utimesSync(first, weekAgo, weekAgo)
    fs.appendFileSync(path.join(at.root, "stages/train.ts"), "export const later = 1\n")
    await build(at)
    expect(fs.readdirSync(builds(at)).sort()).toEqual([currentOf(at), "current.json"].sort())
    expect(path.join(builds(at), currentOf(at))).not.toBe(first)
  })
})

describe("packages", () => {
  /** A project's own copy of a package, of another version where one is given. */
  const own = ({ root }: Rig, name: string, version?: string) => {
    const at = path.join(root, "node_modules", name)
    const shared = fs.realpathSync(at)
    fs.rmSync(at, { recursive: true })
    // native files are large, and count by version
    fs.cpSync(shared, at, { recursive: true, filter: (file) => !file.endsWith(".node") })
    const manifest = JSON.parse(fs.readFileSync(path.join(at, "package.json"), "utf8"))
    fs.writeFileSync(
      path.join(at, "package.json"),
      JSON.stringify({ ...manifest, version: version ?? manifest.version })
    )
  }
  type Packages = Readonly<Record<string, { readonly packages: Readonly<Record<string, string>> }>>
  const stagesWith = (codes: Packages, name: string) =>
    Object.keys(codes)
      .filter((stage) => codes[stage]?.packages[name] !== undefined)
      .sort()

  it("count for the stages that compute with them, and for no others", async () => {
    const at = fresh()
    ownPackages(at.root)
    for (const name of ["sharp", "yauzl"]) own(at, name)
    const codes = (await build(at)) as Packages
    const tensorflow = [
      "evaluate",
      "evaluate-network",
      "extract-features",
      "resize",
      "resize-to-224",
      "train",
      "train-network"
    ]
    const drawing = ["plot", "plot-dataset", "plot-mistakes", "plot-sweep"]
    const reading = ["describe", "ingest"]
    const expected: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
      ["@tensorflow/tfjs-node-gpu", tensorflow],
      ["@tensorflow/tfjs-core", tensorflow],
      ["@img/sharp-linux-x64", [...reading, "mistakes"]],
      ["yauzl", reading],
      ["h5wasm", ["extract-features"]],
      ["vega-scale", drawing],
      ["d3-shape", drawing],
      ["@resvg/resvg-js-linux-x64-gnu", drawing]
    ]
    for (const [name, stages] of expected) expect([name, stagesWith(codes, name)]).toEqual([name, stages])
    // what they are installed, unpacked or started with, and what the format's number counts
    for (const name of ["rimraf", "progress", "adm-zip", "google-protobuf", "semver", "detect-libc", "yargs", "effect"])
      expect([name, stagesWith(codes, name)]).toEqual([name, []])
    // native parts by their version, JavaScript by its content too
    expect(codes.ingest?.packages["@img/sharp-linux-x64"]).toMatch(/^[0-9.]+$/)
    expect(codes.ingest?.packages.yauzl).toMatch(/^[0-9.]+ \([0-9a-f]{8}\)$/)

    const changed = async () => {
      const after = await build(at)
      return Object.keys(codes)
        .filter((stage) => JSON.stringify(codes[stage]) !== JSON.stringify(after[stage]))
        .sort()
    }
    own(at, "@img/sharp-linux-x64", "99.0.0")
    expect(await changed()).toEqual([...reading, "mistakes"])
  })
})

describe("sources that can't be built", () => {
  it.each([
    [
      "an import of a file that isn't there",
      'import "./nowhere.ts"',
      /^The program cannot be built: stages\/train\.ts:1: Could not resolve "\.\/nowhere\.ts"$/
    ],
    [
      "an import of a package that isn't installed",
      'import "left-pad"',
      /^The program cannot be built: stages\/train\.ts:1: Could not resolve "left-pad"$/
    ],
    ["a syntax error", "const = 1", /^The program cannot be built: stages\/train\.ts:1: /]
  ])("fail every command, naming the place: %s", async (_, line, what) => {
    const at = fresh()
    const file = path.join(at.root, "stages/train.ts")
    fs.writeFileSync(file, `${line}\n${fs.readFileSync(file, "utf8")}`)
    const [plain, json] = [await pipeline(at, "list"), await pipeline(at, "list", "--json")]
    expect([plain.code, json.code]).toEqual([1, 1])
    const { status, error } = documentOf(json)
    expect(status).toBe("failed")
    expect(error).toMatchObject({
      tag: "BuildFailed",
      what: expect.stringMatching(what),
      expected: "sources that compile, and packages installed by npm install",
      fix: "Correct the source named here, or run npm install."
    })
    expect(plain).toMatchObject({
      stdout: "",
      stderr: `error: ${error?.what}; expected ${error?.expected}. ${error?.fix}\n`
    })
    expect(filesIn(builds(at))).toEqual([])
  })

  it.each([
    [
      "sources that use what is not there",
      "export const nothing = nowhere",
      /^The program cannot start: stages\/train\.ts:\d+: nowhere is not/
    ],
    [
      "sources that throw",
      'throw new Error("not today")',
      /^The program cannot start: stages\/train\.ts:\d+: not today$/
    ]
  ])("are told apart from %s", async (_, line, what) => {
    const at = fresh()
    const file = path.join(at.root, "stages/train.ts")
    fs.writeFileSync(file, `${fs.readFileSync(file, "utf8")}\n${line}\n`)
    const [plain, json] = [await pipeline(at, "list"), await pipeline(at, "list", "--json")]
    expect([plain.code, json.code]).toEqual([1, 1])
    const { error } = documentOf(json)
    expect(error).toMatchObject({ tag: "StartFailed", what: expect.stringMatching(what) })
    expect(plain).toMatchObject({
      stdout: "",
      stderr: `error: ${error?.what}; expected ${error?.expected}. ${error?.fix}\n`
    })
  })
})
