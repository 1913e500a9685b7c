import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "vitest"
import { storingProject } from "../../rig/storing-project.ts"

// What a command says, and does, of a file in the place of a folder of its store.

it("a file where downloads belong is put aside by the next command that computes, which tells where it is", async () => {
  const at = storingProject()
  const run = ["run", "storing", "--rows", "30", "--size", "30"]
  await at.asked(run)
  const file = path.join(at.home, "downloads")
  fs.writeFileSync(file, "somebody's")
  const { stderr } = await at.pipeline([...run, "--seed", "2"])
  const [, to = ""] =
    /downloads was a file where the store has a folder: it was put aside, as (.*)\.\n/.exec(stderr) ?? []
  expect(fs.readFileSync(to, "utf8"), stderr).toBe("somebody's")
  expect(fs.statSync(file).isDirectory()).toBe(true)
})
