import { expect, it } from "vitest"
import { smallProject } from "../rig/small-project.ts"

// What manifests say of files: how they are read, which are taken, and whether they may be left out.

const constant = (value: number) => `export const value = ${value}\n`
const linked = (more: object) => JSON.stringify({ name: "linked", version: "1.0.0", ...more })
const ofLinked = (files: Readonly<Record<string, string>>) => {
  const project = smallProject({
    "stages/value.ts": 'import { value as linked } from "linked"\nexport const value = () => linked\n',
    ...files
  })
  project.link("node_modules/linked", project.at("../linked"))
  return project
}

/** That a change of a manifest gives another value, under another digest; and the old ones where it is taken back. */
const changes = async (project: ReturnType<typeof smallProject>, file: string, text: string, to: unknown) => {
  const before = await project.run()
  const original = project.read(file)
  project.write(file, text)
  const after = await project.run()
  expect(after.value).toEqual(to)
  expect(after.value).not.toEqual(before.value)
  expect(after.codes.value?.digest).not.toBe(before.codes.value?.digest)
  project.write(file, original)
  expect(await project.run()).toEqual(before)
}

it("a file with side effects runs in the worker, whatever its manifest says of them", async () => {
  const project = smallProject({
    "stages/value.ts": `
      import "../lib/setup.ts"
      export const value = () => Reflect.get(globalThis, "scale") ?? "unset"
    `,
    "lib/setup.ts": 'Reflect.set(globalThis, "scale", 255)\n',
    "worker/main.ts": 'import { value } from "../stages/value.ts"\nexport const main = () => console.log(value())\n',
    "cli/main.ts": `
      import { execFileSync } from "node:child_process"
      export const main = (_project: unknown, { build }: { readonly build: string }) => {
        const value = String(execFileSync(process.execPath, [build + "/worker.mjs"])).trim()
        console.log(JSON.stringify({ value }))
      }
    `
  })
  expect((await project.run()).value).toBe("255")
  const manifest = JSON.parse(project.read("package.json"))
  project.write("package.json", JSON.stringify({ ...manifest, sideEffects: false }))
  expect((await project.run()).value).toBe("255")
})

it("a package that is an ES module alone is named where it is imported at the top, and may be imported later", async () => {
  const project = smallProject({
    "package.json": JSON.stringify({ name: "small", type: "module", dependencies: { modern: "1.0.0" } }),
    "node_modules/modern/package.json": JSON.stringify({
      name: "modern",
      type: "module",
      exports: { import: "./index.js" }
    }),
    "node_modules/modern/index.js": constant(1),
    "stages/value.ts": 'import { value as modern } from "modern"\nexport const value = () => modern\n'
  })
  const { status, stderr } = await project.command()
  expect([status, stderr]).toEqual([
    1,
    'error: The program cannot start: stages/value.ts:1: the package modern is an ES module alone; expected packages that a command can load by require, where they are imported at the top of a file. Import it where it is used, by await import("modern") within run.\n'
  ])
  project.write("stages/value.ts", 'export const value = () => 1\nexport const later = () => import("modern")\n')
  expect((await project.run()).value).toBe(1)
})

it("the main file that a manifest within a linked package names is taken when it names another", async () => {
  const project = ofLinked({
    "../linked/package.json": linked({ type: "module" }),
    // both files are read, whichever is the main one
    "../linked/index.js": 'import "./sub/one.js"\nimport "./sub/two.js"\nexport { value } from "./sub"\n',
    "../linked/sub/package.json": '{ "type": "module", "main": "one.js" }',
    "../linked/sub/one.js": constant(1),
    "../linked/sub/two.js": constant(2)
  })
  await changes(project, "../linked/sub/package.json", '{ "type": "module", "main": "two.js" }', 2)
})

it("how a linked package's files are read counts beside their text", async () => {
  const project = ofLinked({
    "../linked/package.json": linked({ main: "index.js" }),
    "../linked/index.js": 'import inner from "./inner.cjs"\nexport const value = typeof inner\n',
    "../linked/inner.cjs": "exports.__esModule = true\nexports.default = 1\n"
  })
  await changes(project, "../linked/package.json", linked({ main: "index.js", type: "module" }), "object")
})
