import fs from "node:fs"
import path from "node:path"
import { beforeEach, expect, it } from "vitest"
import { root as checkout } from "../rig/bundle.ts"
import { command } from "../rig/command.ts"
import { folder } from "../rig/folder.ts"

// What npm runs after an installation in this repository, and in the clone that it makes of a git dependency.

const GPU_PACKAGE = "node_modules/@tensorflow/tfjs-node-gpu"

/** A repository without packages: whoever provisions there says that they are missing. */
let root = ""
const inRoot = (...parts: ReadonlyArray<string>) => path.join(root, ...parts)

const lay = (at: string) => {
  root = at
  for (const name of ["bin/prepare.mjs", "bin/lockfile.mjs", "images/provision"])
    fs.cpSync(path.join(checkout, name), inRoot(name), { recursive: true })
  fs.writeFileSync(inRoot("bin/pipeline.mjs"), "#!/usr/bin/env node\nconsole.log('launched')\n", { mode: 0o644 })
}
beforeEach(() => lay(fs.realpathSync(folder("headrace-prepare"))))

const prepare = (variables: Readonly<Record<string, string>> = { HEADRACE_SKIP_TENSORFLOW: "1" }) =>
  command(process.execPath, [inRoot("bin/prepare.mjs")], { env: { ...process.env, ...variables } })

it("links the pipeline command, which npm does for dependencies alone", async () => {
  const { status, stdout } = await prepare()
  expect([status, stdout]).toEqual([0, expect.stringContaining("skipped, since HEADRACE_SKIP_TENSORFLOW is 1")])
  expect(fs.readlinkSync(inRoot("node_modules/.bin/pipeline"))).toBe("../../bin/pipeline.mjs")
  expect((await command(inRoot("node_modules/.bin/pipeline"))).stdout).toBe("launched\n")
})

it("provisions TensorFlow, but not in the clone that npm packs of a git dependency: nothing is computed there", async () => {
  const cache = fs.realpathSync(folder("headrace-npm-cache"))
  const variables = { HEADRACE_SKIP_TENSORFLOW: "", npm_config_cache: cache }
  const provisioning = await prepare(variables)
  expect([provisioning.status, provisioning.stderr]).toEqual([1, expect.stringContaining("isn't installed")])
  lay(path.join(cache, "_cacache/tmp/git-clone"))
  expect(await prepare(variables)).toEqual({ status: 0, stdout: "", stderr: "" })
})

it("keeps the packages' own install scripts off in a lock file that npm has rewritten, and changes nothing else", async () => {
  const text = fs.readFileSync(path.join(checkout, "package-lock.json"), "utf8")
  const lock = JSON.parse(text)
  expect(lock.packages[GPU_PACKAGE]).toMatchObject({ hasInstallScript: false, gypfile: false })
  expect(lock.packages["node_modules/onnxruntime-node"]).toMatchObject({ hasInstallScript: false })
  lock.packages["node_modules/onnxruntime-node"].hasInstallScript = true
  const { gypfile: _, ...entry } = lock.packages[GPU_PACKAGE]
  lock.packages[GPU_PACKAGE] = { ...entry, hasInstallScript: true }
  fs.writeFileSync(inRoot("package-lock.json"), `${JSON.stringify(lock, null, 2)}\n`)
  expect((await prepare()).stdout).toContain("install script")
  expect(fs.readFileSync(inRoot("package-lock.json"), "utf8")).toBe(text)
  expect((await prepare()).stdout).not.toContain("install script")
  const allowed = JSON.parse(fs.readFileSync(path.join(checkout, "package.json"), "utf8")).allowScripts
  expect(allowed["@tensorflow/tfjs-node-gpu"]).toBe(false)
  expect(allowed["onnxruntime-node"]).toBe(false)
})
