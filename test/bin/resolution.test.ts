import { expect, it } from "vitest"
import { smallProject } from "../rig/small-project.ts"

// Where an import leads is looked up anew when something appears that would be found first, or a link leads elsewhere.

const constant = (value: number) => `export const value = ${value}\n`
const paths = (map: Readonly<Record<string, ReadonlyArray<string>>>) => ({
  "tsconfig.json": JSON.stringify({ compilerOptions: { paths: map } })
})
const manifest = (more: object) => ({
  "package.json": JSON.stringify({ name: "small", version: "1.0.0", type: "module", ...more })
})

it.each([
  ["the paths of tsconfig.json", "#shared/value.ts", paths({ "#shared/*": ["./lib/shared/*"] })],
  ["the project's own imports", "#shared/value.ts", manifest({ imports: { "#shared/*": "./lib/shared/*" } })],
  ["the project's own exports", "small/value.ts", manifest({ exports: { "./*": { default: "./lib/shared/*" } } })]
])("a link that leads elsewhere is followed where it was found by %s", async (_, name, files) => {
  const project = smallProject({
    ...files,
    "stages/value.ts": `import { value as shared } from "${name}"\nexport const value = () => shared\n`,
    "elsewhere/one/value.ts": constant(1),
    "elsewhere/two/value.ts": constant(2)
  })
  project.link("lib/shared", project.at("elsewhere/one"))
  expect((await project.run()).value).toBe(1)
  project.link("lib/shared", project.at("elsewhere/two"))
  expect((await project.run()).value).toBe(2)
})

it("a link to itself in the place of a nearer file is none", async () => {
  const project = smallProject({
    "stages/value.ts": 'import { value as late } from "../lib/late"\nexport const value = () => late\n',
    "lib/late/index.ts": constant(1)
  })
  project.link("lib/late.ts", "late.ts")
  expect((await project.run()).value).toBe(1)
  // once more, without a build
  expect((await project.run()).value).toBe(1)
  project.remove("lib/late.ts")
  project.write("lib/late.ts", constant(2))
  expect((await project.run()).value).toBe(2)
})

it("tsconfig.json may end in a comment", async () => {
  const project = smallProject({
    "tsconfig.json": '{ "compilerOptions": { "paths": { "scale": ["./lib/scale.ts"] } } } // and no more',
    "stages/value.ts": 'import { value as scale } from "scale"\nexport const value = () => scale\n',
    "lib/scale.ts": constant(1)
  })
  expect((await project.run()).value).toBe(1)
})

it("an import of whatever matches a template is refused by its file", async () => {
  const { status, stderr } = await smallProject({
    "stages/value.ts": `export const value = (name = "one") => import(\`../lib/deep/\${name}.ts\`)\n`,
    "lib/deep/one.ts": constant(1)
  }).command()
  expect([status, stderr]).toEqual([
    1,
    "error: The program cannot be built: stages/value.ts imports ../lib/deep/**/*.ts, whatever matches that; expected modules that are imported one by one, so that each counts. Import each by its own path, and choose among them by name.\n"
  ])
})

it("an error of the bundler that has no place is told without one", async () => {
  const project = smallProject()
  project.remove("worker/start.ts")
  const { status, stderr } = await project.command()
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(/^error: The program cannot be built: Could not resolve "\/.*\/worker\/start\.ts"; /)
  ])
})

it.each([
  ["the paths of tsconfig.json", paths({ "#late": ["./lib/late"] }), "lib/late/index.ts", "lib/late.ts"],
  [
    "the project's own imports",
    manifest({ imports: { "#late": { default: "./lib/late.js" } } }),
    "lib/late.ts",
    "lib/late.js"
  ]
])("a nearer file that appears is taken where the other was found by %s", async (_, files, first, nearer) => {
  const project = smallProject({
    ...files,
    "stages/value.ts": 'import { value as late } from "#late"\nexport const value = () => late\n',
    [first]: constant(1)
  })
  expect((await project.run()).value).toBe(1)
  project.write(nearer, constant(2))
  expect((await project.run()).value).toBe(2)
  project.remove(nearer)
  expect((await project.run()).value).toBe(1)
})
