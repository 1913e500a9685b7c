import { beforeAll, describe, expect, it } from "vitest"
import manifest from "../../package.json" with { type: "json" }
import { type NodeDocument, ran } from "../rig/cli.ts"
import { command } from "../rig/command.ts"
import * as Examples from "../rig/examples.ts"
import type { OutsideProject } from "../rig/outside.ts"
import { PATIENCE_MILLIS } from "../rig/patience.ts"

// Each example as somebody's own project, with the package as it is packed. `.ci/examples` runs the same on examples that npm
// has installed.

describe.each(Examples.all)("the example $name", (example) => {
  let project: OutsideProject
  beforeAll(async () => {
    project = await Examples.projectOf(example)
  })

  it("takes Headrace from the tarball that npm packs of this version", () => {
    for (const [name, from] of Object.entries(example.dependencies))
      if (name.startsWith("headrace")) expect(from).toBe(`file:../${name}-${manifest.version}.tgz`)
  })

  it("computes every node, and has nothing to do the second time", async () => {
    const first = await project.run(example.pipeline)
    expect([first.code, ran(first.document)], first.stderr).toEqual([0, example.nodes])
    const second = await project.run(example.pipeline)
    expect([second.code, ran(second.document)]).toEqual([0, []])
  })

  for (const edit of example.edits)
    it(edit.what, async () => {
      const isFile = "file" in edit
      if (isFile) project.edit(edit.file, edit.from, edit.to)
      const edited = await project.run(example.pipeline, ...(isFile ? [] : edit.options))
      if (isFile) project.edit(edit.file, edit.to, edit.from)
      expect([edited.code, ran(edited.document)], edited.stderr).toEqual([0, edit.reruns])
      const reasons = edited.document.nodes.map(({ reason }: NodeDocument) => reason)
      if (edit.says !== undefined) expect(reasons).toContainEqual(expect.stringContaining(edit.says))
      expect(ran((await project.run(example.pipeline)).document)).toEqual([])
    })

  it.each([
    ["check", []],
    // nobody knows what else a machine does: only what hangs is ended
    ["test", ["--", `--testTimeout=${PATIENCE_MILLIS}`]]
  ] as const)("passes its own %s", async (script, options) => {
    const { status, stdout, stderr } = await command("npm", ["run", script, ...options], { cwd: project.root })
    expect(status, `${stdout}${stderr}`).toBe(0)
  })
})
