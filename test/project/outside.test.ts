import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { nodeOf, ran } from "../rig/cli.ts"
import { command } from "../rig/command.ts"
import { folder } from "../rig/folder.ts"
import { outsideProject } from "../rig/outside.ts"

// A project of somebody else: its own folder, with the package as it is packed, and nothing of this repository.

let project: Awaited<ReturnType<typeof outsideProject>>
beforeAll(async () => {
  project = await outsideProject()
})

describe("a project that pipeline init made", () => {
  it("depends on the Headrace that made it by where that lies, never by a bare name", () => {
    expect(project.made).toMatchObject({ status: 0, stderr: "" })
    const { name, dependencies } = JSON.parse(project.read("package.json"))
    expect([name, dependencies.headrace]).toEqual(["my-rents", expect.stringMatching(/^file:.*headrace$/)])
  })

  it("depends on the repository where npm installed Headrace from a git URL", async () => {
    const url = "git+ssh://git@example.org/you/headrace.git#be43ef6"
    const packages = project.at("node_modules/.package-lock.json")
    fs.writeFileSync(packages, JSON.stringify({ packages: { "node_modules/headrace": { resolved: url } } }))
    const to = path.join(folder("headrace-outside"), "from-git")
    const { status, stdout } = await project.pipeline("init", to, "--json")
    fs.rmSync(packages)
    expect([status, JSON.parse(stdout).headrace]).toEqual([0, url])
    expect(JSON.parse(fs.readFileSync(path.join(to, "package.json"), "utf8")).dependencies.headrace).toBe(url)
  })

  it("runs, has nothing to do the second time, and computes exactly what an edit changes", async () => {
    const first = await project.run("rents")
    expect([first.code, ran(first.document)], first.stderr).toEqual([0, ["read-rents", "fit-line"]])
    expect(first.document.results.line).toMatchObject({ rows: 200 })
    expect(ran((await project.run("rents")).document)).toEqual([])
    expect(ran((await project.run("rents", "--least", "50")).document)).toEqual(["read-rents", "fit-line"])
    project.edit("stages/fit-line.ts", "rows: flats.length,", "rows: flats.length + 1000,")
    const edited = await project.run("rents")
    expect(ran(edited.document)).toEqual(["fit-line"])
    expect(nodeOf(edited.document, "fit-line").reason).toContain("code changed in stages/fit-line.ts")
    project.edit("data/rents.csv", "area,rent\n", "area,rent\n100,1000\n")
    expect(ran((await project.run("rents")).document)).toEqual(["read-rents", "fit-line"])
    project.edit("stages/fit-line.ts", "rows: flats.length + 1000,", "rows: flats.length,")
    project.edit("data/rents.csv", "100,1000\n", "")
  })

  it("counts the code in a folder of its own that is called as one of Headrace's, and hears of undeclared reads there", async () => {
    project.write("engine/scale.ts", 'export const scale = () => Number(process.env.HOME?.length ?? "1")\n')
    project.edit("stages/fit-line.ts", "rows: flats.length,", "rows: flats.length + scale(),")
    project.edit(
      "stages/fit-line.ts",
      "import { Rents }",
      'import { scale } from "../engine/scale.ts"\nimport { Rents }'
    )
    const { document } = await project.run("rents")
    expect(nodeOf(document, "fit-line").error).toMatchObject({
      tag: "UndeclaredRead",
      what: "engine/scale.ts reads the environment variable HOME, which no key holds"
    })
    for (const scale of ["1", "2"]) {
      project.write("engine/scale.ts", `export const scale = () => ${scale}\n`)
      expect(ran((await project.run("rents")).document)).toEqual(["fit-line"])
    }
    project.edit("stages/fit-line.ts", "rows: flats.length + scale(),", "rows: flats.length,")
    project.edit("stages/fit-line.ts", 'import { scale } from "../engine/scale.ts"\n', "")
  })

  it("finds itself from a folder below", async () => {
    const below = await command(process.execPath, [project.launcher, "list"], { cwd: project.at("data") })
    expect([below.status, below.stdout], below.stderr).toEqual([0, expect.stringContaining("rents")])
  })

  it("compiles, and its test passes", async () => {
    const checked = await project.tsc()
    expect([checked.status, checked.stdout]).toEqual([0, ""])
    const tested = await project.vitest()
    expect(tested.status, `${tested.stdout}${tested.stderr}`).toBe(0)
  })

  it("does not compile with a pipeline whose stage needs a service that no layer gives", async () => {
    project.write(
      "stages/weigh.ts",
      `import { Context, Effect, Schema } from "effect"
import { Document, Stage } from "headrace"

export class Scales extends Context.Tag("my/Scales")<Scales, { readonly grams: number }>() {}
const Weight = Document.make("Weight", 1, Schema.Struct({ grams: Schema.Number }))

export const weigh = Stage.make({
  name: "weigh",
  inputs: {},
  outputs: { weight: Weight },
  run: () => Effect.map(Scales, ({ grams }) => ({ weight: { grams } }))
})
`
    )
    project.write(
      "pipelines/scales.ts",
      `import { Pipeline } from "headrace"
import { weigh } from "../stages/weigh.ts"

export const scales = Pipeline.make({
  name: "scales",
  description: "Weighs",
  params: {},
  build: () => ({ weight: weigh({}).weight })
})
`
    )
    expect((await project.pipeline("--build")).status).toBe(0)
    const lacking = await project.tsc()
    expect(lacking.stdout).toContain("scales needs my/Scales to run, which no layer gives")
    expect(lacking.status).not.toBe(0)
    const plain = project.read("headrace.config.ts")
    project.write(
      "headrace.config.ts",
      `import { Layer } from "effect"
import { Project } from "headrace"
import { Scales } from "./stages/weigh.ts"

export default Project.make({
  layer: async () => Layer.succeed(Scales, { grams: 70 }),
  planning: Layer.empty
})
`
    )
    const given = await project.tsc()
    expect([given.status, given.stdout]).toEqual([0, ""])
    const { code, document, stderr } = await project.run("scales")
    expect([code, document.results.weight], stderr).toEqual([0, { grams: 70 }])
    project.write("headrace.config.ts", plain)
    for (const file of ["stages/weigh.ts", "pipelines/scales.ts"]) fs.rmSync(project.at(file))
  })

  it("has a kind of its own that behaves as the ready ones do", async () => {
    project.write(
      "stages/draw-map.ts",
      `import { Effect } from "effect"
import { Bundle, Stage } from "headrace"
import { Rents } from "./read-rents.ts"

const Map = Bundle.make("Map", 1, "map", { "map.txt": "needed" })

export const drawMap = Stage.make({
  name: "draw-map",
  inputs: { rents: Rents },
  outputs: { map: Map },
  run: ({ rents }) => Effect.succeed({ map: { "map.txt": new TextEncoder().encode("flats: " + rents.rows) } })
})
`
    )
    project.edit(
      "pipelines/rents.ts",
      "return { line: fitLine({ rents }).line }",
      "return { line: fitLine({ rents }).line, map: drawMap({ rents }).map }"
    )
    project.edit("pipelines/rents.ts", /^/, 'import { drawMap } from "../stages/draw-map.ts"\n')
    project.write(
      "headrace.config.ts",
      `import { Effect } from "effect"
import { Kind, Project } from "headrace"

const map = Kind.make(
  { name: "map" },
  { inspect: () => Effect.succeed({ blocks: ["a map of flats"], details: { scale: 1000 } }) }
)

export default Project.plain({ kinds: [map] })
`
    )
    const { code, document, stderr } = await project.run("rents")
    expect([code, ran(document)], stderr).toEqual([0, ["draw-map"]])
    expect(fs.readFileSync(project.at("results/rents/map.txt"), "utf8")).toMatch(/^flats: \d+$/)
    const inspected = JSON.parse((await project.pipeline("inspect", "rents/map", "--json")).stdout)
    expect(inspected).toMatchObject({ kind: "map", scale: 1000 })
    const to = folder("headrace-exported")
    expect((await project.pipeline("export", "rents/map", "--to", to)).status).toBe(0)
    expect(fs.readdirSync(to)).toContain("map.txt")
  })
})

describe("what is wrong", () => {
  const sentence = /^error: .*; expected .*\. .*\.\n$/s

  it("outside of any project is told with the way to one", async () => {
    const { status, stderr } = await command(process.execPath, [project.launcher, "list"], {
      cwd: folder("headrace-nowhere")
    })
    expect([status, stderr]).toEqual([2, expect.stringMatching(sentence)])
    expect(stderr).toContain("There is no project here")
    expect(stderr).toContain("pipeline init")
  })

  it("with a bug in what a stage calls, however deep a library throws, names the line of the project's own, in text and in data", async () => {
    const text = project.read("stages/fit-line.ts")
    const packaged = "node_modules/deep/index.js"
    project.write(
      "node_modules/deep/package.json",
      JSON.stringify({ name: "deep", version: "1.0.0", type: "module", main: "index.js" })
    )
    project.write(packaged, "export const deep = (n) => { if (n === 0) null.x; return 1 + deep(n - 1) }\n")
    project.edit("stages/fit-line.ts", "const meanArea = ", "const meanArea = deep(20) * ")
    project.edit(
      "stages/fit-line.ts",
      /^/,
      '// @ts-expect-error: a package without types\nimport { deep } from "deep"\n'
    )
    const line =
      project
        .read("stages/fit-line.ts")
        .split("\n")
        .findIndex((each) => each.includes("deep(20)")) + 1
    const { document, stderr } = await project.run("rents")
    const what = "Cannot read properties of null (reading 'x')"
    const error = { tag: "Defect", what, at: `stages/fit-line.ts:${line}` }
    expect(nodeOf(document, "fit-line"), stderr).toMatchObject({ status: "failed", error })
    const [record = ""] = fs.readdirSync(project.at(".pipeline/runs")).sort().reverse()
    expect(project.read(`.pipeline/runs/${record}`)).toContain(`"at":"stages/fit-line.ts:${line}"`)
    const told = await project.pipeline("run", "rents")
    expect(told.stderr).toContain(`${what} (at stages/fit-line.ts:${line})`)
    project.write("stages/fit-line.ts", text)
    fs.rmSync(project.at("node_modules/deep"), { recursive: true })
  })

  it("with a configuration that does not compile names the file", async () => {
    const text = project.read("headrace.config.ts")
    project.write("headrace.config.ts", "export default {\n")
    const { status, stderr } = await project.pipeline("list")
    project.write("headrace.config.ts", text)
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: The program cannot be built: headrace\.config\.ts:/)
    ])
  })

  it.each([
    [
      "exports no pipeline",
      "export const something = 1\n",
      /pipelines\/more\.ts exports nothing by its own name; expected "export const more = /
    ],
    [
      "exports two",
      'import { Pipeline } from "headrace"\nimport { rents } from "./rents.ts"\nexport const more = { ...rents, name: "more" }\nexport const others = Pipeline.make({ name: "others", description: "", params: {}, build: () => ({}) })\n',
      /pipelines\/more\.ts exports others beside more; expected one pipeline a file/
    ],
    [
      "has another's name",
      'import { rents } from "./rents.ts"\nexport const more = { ...rents }\n',
      /pipelines\/more\.ts exports a pipeline that is called "rents"; expected the name of its file, "more"/
    ]
  ])("with a pipeline's file that %s is told by name", async (_what, text, told) => {
    project.write("pipelines/more.ts", text)
    const { status, stderr } = await project.pipeline("list")
    fs.rmSync(project.at("pipelines/more.ts"))
    expect([status, stderr]).toEqual([1, expect.stringMatching(told)])
  })

  it("with a project without stages or pipelines is nothing: it has no command yet", async () => {
    const empty = folder("headrace-empty-project")
    for (const name of ["package.json", "headrace.config.ts"]) fs.copyFileSync(project.at(name), path.join(empty, name))
    fs.symlinkSync(project.at("node_modules"), path.join(empty, "node_modules"))
    const { status, stdout, stderr } = await command(process.execPath, [project.launcher, "list"], { cwd: empty })
    expect([status, stdout], stderr).toEqual([0, expect.stringContaining("pipeline")])
  })

  it("with the folder of a new project is told, and nothing of it is touched", async () => {
    const full = folder("headrace-full")
    fs.writeFileSync(path.join(full, "mine.txt"), "mine")
    const { status, stderr } = await command(process.execPath, [project.launcher, "init", full])
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: .* is not empty; expected a new folder, or an empty one\. /)
    ])
    expect(fs.readdirSync(full)).toEqual(["mine.txt"])
  })
})
