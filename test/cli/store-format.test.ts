import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { documentOf, filesIn, imageFolder, pipeline, type Rig, ran, rig } from "../rig/cli.ts"

// Stores on the disk that another Headrace made, as every command finds them.

/** All that lies in a store, by its content. */
const contentOf = ({ home }: Rig) =>
  Object.fromEntries(
    filesIn(home).map((file) => [
      file,
      createHash("sha256")
        .update(fs.readFileSync(path.join(home, file)))
        .digest("hex")
    ])
  )

describe("a store", () => {
  let at: Rig
  let explore: ReadonlyArray<string>
  const storeFile = () => path.join(at.home, "store.json")

  beforeAll(async () => {
    at = rig()
    explore = ["run", "explore", "--dataset", await imageFolder({ train: 6 })]
  })

  const run = async () => documentOf(await pipeline(at, ...explore, "--json"))

  it("says its format once something is kept, and its results say who wrote them", async () => {
    expect((await run()).status).toBe("done")
    const { version } = JSON.parse(fs.readFileSync(path.join(at.root, "package.json"), "utf8"))
    expect(JSON.parse(fs.readFileSync(storeFile(), "utf8"))).toEqual({
      format: 2,
      leastKnown: 2,
      by: version,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/)
    })
    const inspected = JSON.parse((await pipeline(at, "inspect", "explore/summary", "--json")).stdout)
    expect(JSON.stringify(inspected)).toContain(`"by":"${version}"`)
  })

  it("of 0.1, which says nothing of itself, is used as it is: nothing is computed again", async () => {
    fs.rmSync(storeFile())
    expect((await pipeline(at, "plan", ...explore.slice(1))).stdout).toContain("nothing to do")
    expect(fs.existsSync(storeFile())).toBe(false)
    expect(ran(await run())).toEqual([])
    expect(fs.existsSync(storeFile())).toBe(true)
  })

  it("that is newer is refused by every command, which reads and writes nothing of it; doctor tells of it", async () => {
    fs.writeFileSync(storeFile(), JSON.stringify({ format: 9, leastKnown: 9, by: "7.0.0" }))
    const before = contentOf(at)
    const lines = [
      explore,
      ["plan", ...explore.slice(1)],
      ["why", ...explore.slice(1)],
      ["sweep", ...explore.slice(1), "--over", "seed=1,2"],
      ["list"],
      ["inspect", "explore/summary"],
      ["export", "explore/summary", "--to", path.join(at.results, "exported")],
      ["report", "explore"],
      ["compare", "explore", "--last", "2"]
    ]
    for (const line of lines) {
      const finished = await pipeline(at, ...line, "--json")
      expect(finished.code, line.join(" ")).toBe(1)
      expect(documentOf(finished).error, line.join(" ")).toMatchObject({
        tag: "StoreNewer",
        what: `The store ${at.home} has format 9, which Headrace 7.0.0 gave it`,
        fix: expect.stringContaining("Use Headrace 7.0.0 or a later one")
      })
    }
    expect(contentOf(at)).toEqual(before)
    const { stdout } = await pipeline(at, "doctor")
    expect(stdout).toContain(`WRONG store: The store ${at.home} has format 9, which Headrace 7.0.0 gave it. Use`)
    expect((await pipeline(at, "--help")).code).toBe(0)
  })

  it("whose word is damaged is used, and says its format again once something is kept, which is told", async () => {
    fs.writeFileSync(storeFile(), "{")
    expect((await pipeline(at, "plan", ...explore.slice(1))).stdout).toContain("nothing to do")
    expect(fs.readFileSync(storeFile(), "utf8")).toBe("{")
    const finished = await pipeline(at, ...explore)
    expect([finished.code, finished.stderr]).toEqual([
      0,
      expect.stringContaining("store.json is damaged: it is made anew")
    ])
    expect(JSON.parse(fs.readFileSync(storeFile(), "utf8")).format).toBe(2)
  })
})
