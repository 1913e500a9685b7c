import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import {
  documentOf,
  imageFolder,
  nodeOf,
  pipeline,
  type Rig,
  type RunDocument,
  ran,
  rig,
  warnings
} from "../rig/cli.ts"

// A project whose Headrace is upgraded between runs, and edited by its user.

interface Told extends RunDocument {
  readonly notices: ReadonlyArray<string>
  readonly report: string
}

describe("after an upgrade", () => {
  let at: Rig
  let given: ReadonlyArray<string>

  const edit = (file: string, from: RegExp, to: string) => {
    const full = path.join(at.root, file)
    const text = fs.readFileSync(full, "utf8")
    expect(text).toMatch(from)
    fs.writeFileSync(full, text.replace(from, to))
  }
  const upgrade = (version: string) => edit("cache/Release.ts", /VERSION = "[^"]*"/, `VERSION = "${version}"`)
  const command = async (...words: ReadonlyArray<string>) => {
    const finished = await pipeline(at, ...words, ...given, "--json")
    expect(finished.code, finished.stderr).toBe(0)
    return { document: documentOf(finished) as Told, warnings: warnings(finished.stderr) }
  }
  const run = () => command("run", "explore")
  const report = ({ report }: Told) => fs.readFileSync(report, "utf8")

  beforeAll(async () => {
    at = rig()
    given = ["--dataset", await imageFolder({ train: 6 })]
    upgrade("8.0.0")
    expect((await run()).document.notices).toEqual([])
  })

  it("that changes no key nothing is said, and nothing runs", async () => {
    upgrade("8.1.0")
    const { document, warnings } = await run()
    expect([ran(document), document.notices, warnings]).toEqual([[], [], []])
  })

  it("an edit of the user's under one version is an edit", async () => {
    edit("stages/describe.ts", /^/, "export const edited = 1\n")
    const { document } = await run()
    expect(nodeOf(document, "describe").reason).toBe("code changed in stages/describe.ts")
    expect(document.notices).toEqual([])
  })

  it("whose own code differs, plan, run and its report say so in one sentence, why names it, and the next run is silent", async () => {
    upgrade("8.2.0")
    edit("images/services/Images.ts", /^/, "export const upgraded = 1\n")
    const sentence =
      "Headrace 8.2.0 makes other keys than 8.1.0, which wrote these results: 1 node is computed again, once."
    const planned = await command("plan", "explore")
    expect([planned.document.notices, planned.warnings]).toEqual([[sentence], [`warning: ${sentence}`]])
    const why = (await pipeline(at, "why", "explore", "describe", ...given)).stdout
    expect(why).toContain(
      "would run: Headrace 8.2.0 makes another key of it than 8.1.0 did; code changed in images/services/Images.ts"
    )
    const { document, warnings } = await run()
    expect([ran(document), document.notices, warnings]).toEqual([["describe"], [sentence], [`warning: ${sentence}`]])
    expect(report(document)).toContain(sentence)
    const again = await run()
    expect([ran(again.document), again.document.notices, again.warnings]).toEqual([[], [], []])
    expect(report(again.document)).not.toContain("makes other keys")
  })

  it("that has another format of keys, all that was kept is told of", async () => {
    upgrade("9.0.0")
    edit("cache/Key.ts", /FORMAT = \d+/, "FORMAT = 99")
    const { document } = await run()
    expect(document.notices).toEqual([
      expect.stringMatching(
        /^Headrace 9\.0\.0 makes other keys than 8\.\S*( and 8\.\S*)?, which wrote these results: \d+ nodes? /
      )
    ])
    expect(nodeOf(document, "describe").reason).toMatch(
      /^Headrace 9\.0\.0 makes another key of it than 8\.2\.0 did; the cache format was \d+, is 99$/
    )
    expect((await run()).document.notices).toEqual([])
  })
})
