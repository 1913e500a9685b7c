import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { swapIn } from "../../../cli/results/swap-in.ts"
import { filesIn } from "../../rig/cli.ts"
import { folder } from "../../rig/folder.ts"

/** A folder that holds results, and the same folder's new ones aside. */
const results = (...names: ReadonlyArray<string>) => {
  const root = folder("headrace-swap")
  for (const name of names) {
    fs.mkdirSync(path.join(root, name))
    fs.writeFileSync(path.join(root, name, "metrics.json"), name)
  }
  return { root, swap: (aside: string) => swapIn(path.join(root, aside), path.join(root, "transfer")) }
}
const metrics = (root: string) => fs.readFileSync(path.join(root, "transfer/metrics.json"), "utf8")

describe("swapping results in", () => {
  it("leaves the new ones and nothing else, with and without old ones", async () => {
    const { root, swap } = results(".one", ".two")
    await swap(".one")
    await swap(".two")
    expect(metrics(root)).toBe(".two")
    expect(filesIn(root)).toEqual(["transfer/metrics.json"])
  })

  it("brings the old ones back when the new ones can't take their place", async () => {
    const { root, swap } = results("transfer")
    await expect(swap(".gone")).rejects.toThrow("ENOENT")
    expect(metrics(root)).toBe("transfer")
    expect(filesIn(root)).toEqual(["transfer/metrics.json"])
  })

  it("ends with one of those that are swapped in at once, whole", async () => {
    const names = Array.from({ length: 8 }, (_, index) => `.new-${index}`)
    const { root, swap } = results("transfer", ...names)
    await Promise.all(names.map(swap))
    expect(names).toContain(metrics(root))
    expect(filesIn(root)).toEqual(["transfer/metrics.json"])
  })
})
