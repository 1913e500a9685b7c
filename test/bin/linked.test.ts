import * as path from "node:path"
import { expect, it } from "vitest"
import { command } from "../rig/command.ts"
import { smallProject } from "../rig/small-project.ts"

// A linked package is somebody's folder: it is bundled, so that what runs is what was read when its code was counted.

const manifest = (name: string, more: object = {}) =>
  JSON.stringify({ name, version: "1.0.0", type: "module", ...more })
const constant = (value: number) => `export const value = ${value}\n`

const open = (files: Readonly<Record<string, string>>) => {
  const project = smallProject({
    "package.json": manifest("small", { dependencies: { linked: "file:../linked", inner: "1.0.0" } }),
    "stages/value.ts": 'import { value as linked } from "linked"\nexport const value = () => linked\n',
    "worker/main.ts": 'import { value } from "../stages/value.ts"\nexport const main = () => console.log(value())\n',
    "../linked/package.json": manifest("linked"),
    ...files
  })
  project.link("node_modules/linked", project.at("../linked"))
  /** What each build's worker prints, started when it may have been overtaken. */
  const inWorkers = async () => {
    const workers = project.builds().map((id) => project.at(path.join(".pipeline/build", id, "worker.mjs")))
    const ended = await Promise.all(workers.map((worker) => command(process.execPath, [worker])))
    return ended.map(({ stdout, stderr }) => stdout + stderr).sort()
  }
  return { ...project, inWorkers }
}

it("an edit after the build is not what runs under the old code", async () => {
  const project = open({
    "../linked/package.json": manifest("linked", { exports: "./index.ts" }),
    "../linked/index.ts": "export const value: number = 1\n"
  })
  const first = await project.run()
  expect(first.value).toBe(1)
  project.write("../linked/index.ts", constant(2))
  expect(await project.inWorkers()).toEqual(["1\n"])
  const second = await project.run()
  expect(second.value).toBe(2)
  expect(second.codes.value?.digest).not.toBe(first.codes.value?.digest)
  expect(await project.inWorkers()).toEqual(["1\n", "2\n"])
})

it("what it imports is what it finds itself, from its own folder or that of the project", async () => {
  const project = open({
    "../linked/index.js": 'export { value } from "inner"\n',
    "node_modules/inner/package.json": manifest("inner"),
    "node_modules/inner/index.js": constant(1),
    "../linked/node_modules/inner/package.json": manifest("inner", { version: "2.0.0" }),
    "../linked/node_modules/inner/index.js": constant(2)
  })
  const { codes, value } = await project.run()
  expect(value).toBe(2)
  expect(codes.value?.packages.inner).toMatch(/^2\.0\.0 /)
  expect(await project.inWorkers()).toEqual(["2\n"])
})

it("one with native code is left to Node, which finds its files", async () => {
  const project = open({
    "../linked/package.json": manifest("linked", { exports: "./index.js" }),
    "../linked/index.js": constant(1),
    "../linked/binding.gyp": "{}"
  })
  expect((await project.run()).value).toBe(1)
  const [id = ""] = project.builds()
  expect(project.read(`.pipeline/build/${id}/worker.mjs`)).toContain('from "linked"')
  expect(await project.inWorkers()).toEqual(["1\n"])
})
