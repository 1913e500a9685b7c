import { once } from "node:events"
import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { eventually, filesIn, ownPackages, pipeline, project, type Rig, rig } from "../rig/cli.ts"
import { folder } from "../rig/folder.ts"
import { smallProject } from "../rig/small-project.ts"
import { strangers } from "../rig/strangers.ts"

type Small = ReturnType<typeof smallProject>

const BUILDS = ".pipeline/build"
const currentOf = (small: Small): string => JSON.parse(small.read(`${BUILDS}/current.json`)).id

/** The code of every stage, as the build of the sources as they are has it. */
const build = async (small: Small): Promise<Readonly<Record<string, unknown>>> => {
  const { status, stderr } = await small.command("--build")
  expect(status, stderr).toBe(0)
  return JSON.parse(small.read(`${BUILDS}/${currentOf(small)}/code.json`))
}

/** Has the project's bundler run `after` when it has bundled something. */
const slowBundler = (small: Small, after: string) => {
  const bundler = fs.readlinkSync(small.at("node_modules/esbuild"))
  small.remove("node_modules/esbuild")
  small.write(
    "node_modules/esbuild/index.js",
    `const fs = require("node:fs")
     const real = require(${JSON.stringify(bundler)})
     exports.build = async (options) => {
       const built = await real.build(options)
       ${after}
       return built
     }`
  )
}

/** The one build that is kept, and what says that it is the current one. */
const expectOne = (small: Small) =>
  expect(fs.readdirSync(small.at(BUILDS)).sort()).toEqual([currentOf(small), "current.json"].sort())

describe("a build", () => {
  for (const what of ["a FIFO", "an endless device"])
    it(`whose records are ${what} is made anew, and waited for by nobody`, async () => {
      const small = smallProject()
      const code = await build(small)
      const id = currentOf(small)
      const records = ["current.json", `${id}/basis.json`].map((record) => small.at(`${BUILDS}/${record}`))
      for (const record of records) strangers[what]?.(record)
      expect(await build(small)).toEqual(code)
      expect(currentOf(small)).toBe(id)
      for (const record of records) expect(fs.lstatSync(record).isFile(), record).toBe(true)
    })

  it("that another command finished first is left alone: somebody runs from it", async () => {
    const small = smallProject()
    const gates = folder("headrace-gate")
    const gate = path.join(gates, "gate")
    // each command waits behind a gate of its own
    slowBundler(
      small,
      `const gate = process.argv.at(-1)
       fs.writeFileSync(gate + ".reached", "")
       while (!fs.existsSync(gate)) await new Promise((resolve) => setTimeout(resolve, 10))`
    )
    const slow = once(small.start(gate), "close")
    await eventually(() => expect(fs.existsSync(`${gate}.reached`)).toBe(true))
    const others = ["one", "two"].map((name) => {
      fs.writeFileSync(path.join(gates, name), "")
      return small.command(path.join(gates, name))
    })
    for (const { status, stderr } of await Promise.all(others)) expect(status, stderr).toBe(0)
    const made = () => fs.statSync(small.at(`${BUILDS}/${currentOf(small)}`)).ino
    const before = made()
    fs.writeFileSync(gate, "")
    expect(await slow).toEqual([0, null])
    expect(made()).toBe(before)
    expectOne(small)
  })

  it("whose sources change while it is made is of the changed ones", async () => {
    const before = "export const other = () => 2\n"
    const small = smallProject({ "stages/other.ts": before })
    slowBundler(
      small,
      `if (!fs.existsSync("once")) {
         fs.writeFileSync("once", "")
         fs.appendFileSync("stages/other.ts", "export const later = 1\\n")
       }`
    )
    const built = await build(small)
    expect(small.exists("once")).toBe(true)
    expectOne(small)
    expect(built).toEqual(await build(small))
    small.write("stages/other.ts", before)
    const original = await build(small)
    const changed = Object.keys(built).filter(
      (stage) => JSON.stringify(built[stage]) !== JSON.stringify(original[stage])
    )
    expect(changed).toEqual(["other"])
  })

  it("that somebody removed is made again; one that nobody ran for a week goes", async () => {
    const small = smallProject()
    await build(small)
    const first = small.at(`${BUILDS}/${currentOf(small)}`)
    fs.rmSync(first, { recursive: true })
    expect((await small.command()).status).toBe(0)
    const weekAgo = Date.now() / 1000 - 7.1 * 24 * 3600
    fs.utimesSync(first, weekAgo, weekAgo)
    fs.appendFileSync(small.at("stages/value.ts"), "\nexport const later = 1\n")
    await build(small)
    expectOne(small)
    expect(small.at(`${BUILDS}/${currentOf(small)}`)).not.toBe(first)
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
  const codesOf = async (at: Rig): Promise<Packages> => {
    const finished = await pipeline(at, "--build")
    expect(finished.code, finished.stderr).toBe(0)
    const builds = path.join(at.root, BUILDS)
    const { id } = JSON.parse(fs.readFileSync(path.join(builds, "current.json"), "utf8"))
    return JSON.parse(fs.readFileSync(path.join(builds, id, "code.json"), "utf8"))
  }
  const stagesWith = (codes: Packages, name: string) =>
    Object.keys(codes)
      .filter((stage) => codes[stage]?.packages[name] !== undefined)
      .sort()

  it("count for the stages that compute with them, and for no others", async () => {
    const at = rig({ root: project({ isBuilt: false }) })
    ownPackages(at.root)
    for (const name of ["sharp", "yauzl"]) own(at, name)
    const codes = await codesOf(at)
    const tensorflow = [
      "evaluate",
      "evaluate-network",
      "extract-features",
      "predict",
      "predict-network",
      "resize",
      "resize-to-224",
      "train",
      "train-network"
    ]
    const drawing = ["plot", "plot-dataset", "plot-mistakes", "plot-predictions", "plot-sweep"]
    const reading = ["describe", "ingest"]
    const decoding = [...reading, "mistakes", "plot-predictions", "read-photos"]
    const expected: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
      ["@tensorflow/tfjs-node-gpu", tensorflow],
      ["@tensorflow/tfjs-core", tensorflow],
      ["@img/sharp-linux-x64", decoding],
      ["yauzl", reading],
      ["h5wasm", ["extract-features", "whole"]],
      ["vega-scale", drawing],
      ["d3-shape", drawing],
      ["@resvg/resvg-js-linux-x64-gnu", drawing]
    ]
    expect(expected.map(([name]) => [name, stagesWith(codes, name)])).toEqual(expected)
    // what they are installed, unpacked or started with, and what the format's number counts
    for (const name of ["rimraf", "progress", "adm-zip", "google-protobuf", "semver", "detect-libc", "yargs", "effect"])
      expect([name, stagesWith(codes, name)]).toEqual([name, []])
    // native parts by their version, JavaScript by its content too
    expect(codes.ingest?.packages["@img/sharp-linux-x64"]).toMatch(/^[0-9.]+$/)
    expect(codes.ingest?.packages.yauzl).toMatch(/^[0-9.]+ \([0-9a-f]{8}\)$/)

    const changed = async () => {
      const after = await codesOf(at)
      return Object.keys(codes)
        .filter((stage) => JSON.stringify(codes[stage]) !== JSON.stringify(after[stage]))
        .sort()
    }
    own(at, "@img/sharp-linux-x64", "99.0.0")
    expect(await changed()).toEqual(decoding)
  })
})

describe("sources that can't be built", () => {
  it.each([
    [
      "an import of a file that isn't there",
      'import "./nowhere.ts"',
      /^The program cannot be built: stages\/value\.ts:1: Could not resolve "\.\/nowhere\.ts"$/
    ],
    [
      "an import of a package that isn't installed",
      'import "left-pad"',
      /^The program cannot be built: stages\/value\.ts:1: Could not resolve "left-pad"$/
    ],
    ["a syntax error", "const = 1", /^The program cannot be built: stages\/value\.ts:1: /]
  ])("fail every command, naming the place: %s", async (_, line, what) => {
    const small = smallProject()
    small.write("stages/value.ts", `${line}\n${small.read("stages/value.ts")}`)
    const [plain, json] = [await small.command("list"), await small.command("list", "--json")]
    expect([plain.status, json.status]).toEqual([1, 1])
    const { status, error } = JSON.parse(json.stdout)
    expect(status).toBe("failed")
    expect(error).toMatchObject({
      tag: "BuildFailed",
      what: expect.stringMatching(what),
      expected: "sources that compile, and packages installed by npm install",
      fix: "Correct the source named here, or run npm install."
    })
    expect(plain).toMatchObject({
      stdout: "",
      stderr: `error: ${error.what}; expected ${error.expected}. ${error.fix}\n`
    })
    expect(filesIn(small.at(BUILDS))).toEqual([])
  })

  it.each([
    [
      "sources that use what is not there",
      "export const nothing = nowhere",
      /^The program cannot start: stages\/value\.ts:\d+: nowhere is not/
    ],
    [
      "sources that throw",
      'throw new Error("not today")',
      /^The program cannot start: stages\/value\.ts:\d+: not today$/
    ]
  ])("are told apart from %s", async (_, line, what) => {
    const small = smallProject()
    small.write("stages/value.ts", `${small.read("stages/value.ts")}\n${line}\n`)
    const [plain, json] = [await small.command("list"), await small.command("list", "--json")]
    expect([plain.status, json.status]).toEqual([1, 1])
    const { error } = JSON.parse(json.stdout)
    expect(error).toMatchObject({ tag: "StartFailed", what: expect.stringMatching(what) })
    expect(plain).toMatchObject({
      stdout: "",
      stderr: `error: ${error.what}; expected ${error.expected}. ${error.fix}\n`
    })
  })
})
