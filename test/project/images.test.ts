import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, expect, it } from "vitest"
import { root as checkout } from "../rig/bundle.ts"
import { nodeOf, ran } from "../rig/cli.ts"
import { folder } from "../rig/folder.ts"
import { layImages, layPackage, type OutsideProject, projectIn } from "../rig/outside.ts"

// A project of somebody else that uses the ready stages of images, with both packages as they are packed.

const images = "node_modules/headrace-images"
let project: OutsideProject
beforeAll(async () => {
  const root = path.join(folder("headrace-outside"), "images")
  fs.cpSync(path.join(checkout, "examples/images"), root, {
    recursive: true,
    filter: (from) => !/\/(node_modules|\.pipeline|results)$/.test(from)
  })
  const packages = path.join(root, "node_modules")
  await layPackage(packages)
  await layImages(packages)
  project = projectIn(root)
})

const extraction = () => project.run("swatches", "--until", "extract-features[test]")

/** What an upgrade does: another version, whose file differs. */
const upgrade = (version: string, file: string, from: string, to: string) => {
  project.edit(`${images}/package.json`, /"version": "[^"]+"/, `"version": "${version}"`)
  project.edit(`${images}/${file}`, from, to)
}

it("installs the packages of TensorFlow and the ONNX runtime without any script, and its own sets TensorFlow up", () => {
  const manifest = JSON.parse(project.read(`${images}/package.json`))
  expect(manifest.bundleDependencies).toEqual(["@tensorflow/tfjs-node-gpu", "onnxruntime-node"])
  for (const name of manifest.bundleDependencies) {
    const own = project.at(`${images}/node_modules/${name}`)
    expect(JSON.parse(fs.readFileSync(path.join(own, "package.json"), "utf8"))).not.toHaveProperty("scripts")
    // npm would run node-gyp where one lies
    expect(fs.existsSync(path.join(own, "binding.gyp"))).toBe(false)
  }
  expect(manifest.scripts).toEqual({ postinstall: "node bin/headrace-images.mjs provision || exit 0" })
  for (const version of Object.values(manifest.dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/)
  expect(manifest.peerDependencies).toMatchObject({ headrace: manifest.version })
})

it("the ready stages of the package run with the native libraries that npm gave to it alone", async () => {
  const first = await extraction()
  expect([first.code, ran(first.document)], first.stderr).toEqual([0, ["ingest", "extract-features[test]"]])
  expect(ran((await extraction()).document)).toEqual([])
})

it("an upgrade of the package whose comments differ runs nothing", async () => {
  upgrade("9.0.1", "dist/stages/resize.js", "/**", "/** Edited.")
  expect(ran((await extraction()).document)).toEqual([])
})

it("an upgrade of the package whose stage differs runs what takes its rows, and nothing else", async () => {
  upgrade("9.0.2", "dist/stages/resize.js", "resizing(size)", "resizing(size + 0)")
  const { document, stderr } = await extraction()
  expect(ran(document), stderr).toEqual(["extract-features[test]"])
  expect(nodeOf(document, "extract-features[test]").reason).toContain("resize")
})

it("says how to set up native TensorFlow where it is missing, and doctor does", async () => {
  fs.rmSync(project.at(`${images}/node_modules/@tensorflow/tfjs-node-gpu/deps/headrace.json`))
  const { status, stderr } = await project.pipeline("run", "swatches")
  expect([status, stderr]).toEqual([1, expect.stringContaining("Run npx headrace-images provision.")])
  const doctor = await project.pipeline("doctor")
  expect(doctor.stdout).toContain("Run npx headrace-images provision.")
})
