import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { root } from "./rig/bundle.ts"
import { command } from "./rig/command.ts"
import { folder } from "./rig/folder.ts"

/** A test file that needs a dataset in its second suite, as vitest runs it with this folder of data. */
const runWith = async (data: string, env: Readonly<Record<string, string>>) => {
  const at = folder("headrace-needs")
  fs.symlinkSync(path.join(root, "node_modules"), path.join(at, "node_modules"))
  fs.writeFileSync(path.join(at, "package.json"), '{ "type": "module" }')
  fs.writeFileSync(
    path.join(at, "some.test.ts"),
    `import { beforeAll, describe, expect, it } from "vitest"
     import { describeWith } from ${JSON.stringify(path.join(root, "test/rig/needs.ts"))}
     it("needs nothing", () => {})
     describeWith(["cifar10-5k"], "the dataset", () => {
       beforeAll(() => console.log("made ready"))
       it("is there", () => {})
       describe("in it", () => { it("are images", () => {}) })
     })`
  )
  const reporters = ["default", path.join(root, "test/rig/needs-reporter.ts")].map((each) => `--reporter=${each}`)
  const { status, stdout } = await command(
    process.execPath,
    [path.join(root, "node_modules/vitest/vitest.mjs"), "run", "--root", at, "--no-color", ...reporters],
    { env: { ...process.env, CI: "", PIPELINE_MIRROR: data, ...env } }
  )
  return { status, stdout, file: path.join(data, "cifar-10-binary-5k.tar.gz") }
}

describe("a test that needs something", () => {
  const filled = () => {
    const data = folder("headrace-data")
    fs.writeFileSync(path.join(data, "cifar-10-binary-5k.tar.gz"), "")
    return data
  }

  it("runs where that is, and nothing is said", async () => {
    const { status, stdout } = await runWith(filled(), {})
    expect(status).toBe(0)
    expect(stdout).toMatch(/Tests {2}3 passed/)
    expect(stdout).toContain("made ready")
    expect(stdout).not.toContain("not run")
  })

  it("is left out with its preparation where it isn't, and named at the end with what lacks", async () => {
    const { status, stdout, file } = await runWith(folder("headrace-data"), {})
    expect(status).toBe(0)
    expect(stdout).toMatch(/Tests {2}1 passed \| 2 skipped/)
    expect(stdout).not.toContain("made ready")
    expect(stdout).toContain(
      [
        "2 tests not run:",
        `  2 need ${file} (put it there, or let PIPELINE_MIRROR name the folder that has it):`,
        "    some.test.ts > the dataset > is there",
        "    some.test.ts > the dataset > in it > are images"
      ].join("\n")
    )
  })

  it("fails in CI where it isn't, saying what lacks", async () => {
    const { status, stdout, file } = await runWith(folder("headrace-data"), { CI: "true" })
    expect(status).toBe(1)
    expect(stdout).toContain(`the dataset: all that it needs is there`)
    expect(stdout).toContain(`There is no ${file} here; expected it in CI.`)
  })
})
