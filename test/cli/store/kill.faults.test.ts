import { once } from "node:events"
import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "vitest"
import { times } from "../../rig/fault-counts.ts"
import { storingProject } from "../../rig/storing-project.ts"

// A command is killed while it writes, or many want the same: the next one needs nothing but to be given.

const SWEEP = ["sweep", "storing", "--rows", "3000", "--size", "3000", "--over", "seed=int(1,4,4)"]

const filesIn = (folder: string) =>
  fs.existsSync(folder)
    ? fs
        .readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
        .sort()
    : []

it("a sweep that is killed at any moment goes on to the same bytes, and leaves nothing unfinished", async () => {
  const at = storingProject()
  const empty = () => fs.rmSync(at.home, { recursive: true, force: true })
  const metricsOf = (document: { readonly points: ReadonlyArray<{ readonly metrics: unknown }> }) =>
    document.points.map((point) => point.metrics)
  const metrics = metricsOf(await at.asked(SWEEP))
  const objects = filesIn(path.join(at.home, "objects"))
  let most = 0
  // how far one got is told by what it wrote, and not by a clock
  const rounds = times({ quick: 4, long: 500 })
  for (let round = 0; round < rounds; round++) {
    empty()
    const wanted = Math.floor((round * (objects.length + 2)) / rounds)
    const running = at.start(SWEEP)
    const over = once(running, "exit")
    let written = 0
    while (running.exitCode === null && written < wanted) {
      written = filesIn(path.join(at.home, "objects")).length
      await new Promise((resolve) => setImmediate(resolve))
    }
    // alone, as the system does that is out of memory, or together with whatever computes for it
    const isAlone = round % 2 === 1
    if (running.exitCode === null) process.kill(isAlone ? (running.pid ?? 0) : -(running.pid ?? 0), "SIGKILL")
    await over
    most = Math.max(most, written)
    const again = await at.asked(SWEEP)
    expect(again.status).toBe("done")
    expect(metricsOf(again)).toEqual(metrics)
    const left = filesIn(at.home).filter((name) => path.basename(name).startsWith(".tmp-"))
    // what computed for a command that was killed alone lives for a moment more
    if (!isAlone) expect(left).toEqual([])
    expect(filesIn(path.join(at.home, "objects"))).toEqual(expect.arrayContaining(objects))
    expect(filesIn(path.join(at.home, "leases"))).toEqual([])
  }
  expect(most).toBeGreaterThan(0)
})

it("of sixteen processes that want one key, one computes it, and all have its result", async () => {
  const at = storingProject()
  await at.asked(["run", "storing"])
  for (let round = 0; round < times({ quick: 1, long: 100 }); round++) {
    const run = ["run", "storing", "--from", String(round + 1)]
    const documents = await Promise.all(Array.from({ length: 16 }, () => at.asked(run)))
    const statuses = (name: string) =>
      documents.map(({ nodes }) => nodes.find(({ node }: { readonly node: string }) => node === name).status)
    for (const node of ["read", "fit", "score"])
      expect(statuses(node).filter((status) => status === "ran")).toHaveLength(1)
    for (const { results } of documents) expect(results).toEqual(documents[0].results)
  }
})
