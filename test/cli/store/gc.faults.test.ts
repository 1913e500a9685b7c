import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as path from "node:path"
import { afterAll, expect, it } from "vitest"
import { times } from "../../rig/fault-counts.ts"
import { bytesUnder, storingProject } from "../../rig/storing-project.ts"

const SIDE_BY_SIDE = 8
/** Runs of so many seeds meet each other, and what an earlier one left. */
const SEEDS = 12

const started = new Set<ChildProcess>()
afterAll(() => {
  for (const child of started) child.kill("SIGKILL")
})

/** The same numbers every time. */
const random = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((state / 2 ** 31) * below)
  }
}

const objectsIn = (home: string): number =>
  fs
    .readdirSync(path.join(home, "objects"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith(".")).length

it("beside eight runs, and killed at any moment, nothing that lives is lost, no run fails, and sizes are right", async () => {
  const at = storingProject()
  const draw = random(7)
  // this one's result is asked to stay, whatever happens
  const pinned = (await at.asked(["run", "storing", "--seed", "1000"])).results
  await at.asked(["pin", "storing"])
  const metrics = new Map<number, unknown>()
  for (let round = 0; round < times({ quick: 4, long: 200 }); round++) {
    const before = fs.existsSync(path.join(at.home, "objects")) ? objectsIn(at.home) : 0
    const gc = at.start(["gc", "--keep-last", "1"])
    started.add(gc)
    const over = once(gc, "exit")
    const seeds = Array.from({ length: SIDE_BY_SIDE }, () => draw(SEEDS))
    const runs = seeds.map((seed) => at.asked(["run", "storing", "--seed", String(seed)]))
    const settled = Promise.all(runs).then(() => "settled")
    // killed once so many objects went; where it is quicker than that, or never removes so many, it lives
    const most = 1 + draw(20)
    while (gc.exitCode === null && gc.signalCode === null) {
      if (objectsIn(at.home) <= before - most) gc.kill("SIGKILL")
      if ((await Promise.race([settled, new Promise((resolve) => setImmediate(resolve, "goes on"))])) === "settled")
        break
    }
    for (const [index, { status, results }] of (await Promise.all(runs)).entries()) {
      const seed = seeds[index] ?? 0
      expect(status).toBe("done")
      expect(results.metrics).toEqual(metrics.get(seed) ?? results.metrics)
      metrics.set(seed, results.metrics)
    }
    await over
    started.delete(gc)
    // what the newest run found or made is there, whatever was removed beside it
    const [newest = 0] = seeds.slice(-1)
    const again = await at.asked(["run", "storing", "--seed", String(newest)])
    expect(again.nodes.every(({ status }: { readonly status: string }) => status === "reused")).toBe(true)
  }
  const size = bytesUnder(at.home)
  const { before, after } = await at.asked(["gc", "--keep-last", "1"])
  // it has a lease of its own meanwhile
  expect(Math.abs(before - size)).toBeLessThan(1000)
  expect(Math.abs(bytesUnder(at.home) - after)).toBeLessThan(1000)
  const left = fs
    .readdirSync(at.home, { recursive: true })
    .filter((name) => path.basename(String(name)).startsWith(".tmp-"))
  expect(left).toEqual([])
  expect(fs.readdirSync(path.join(at.home, "using"))).toEqual([])
  // all that is pinned has its bytes: nothing is computed to score it once more
  const scored = await at.pipeline(["run", "storing", "--seed", "1000", "--again", "score", "--json"])
  expect(scored.stderr).not.toContain("is computed again")
  expect(JSON.parse(scored.stdout).results).toEqual(pinned)
})

it("a sweep of many points keeps its metrics and its hits in a store that has room for few of its models", async () => {
  const at = storingProject()
  const points = times({ quick: 10, long: 300 })
  const over = `seed=${Array.from({ length: points }, (_, seed) => seed).join(",")}`
  const first = await at.asked(["sweep", "storing", "--over", over])
  expect(first.nodes).toMatchObject({ ran: 2 * points + 1, failed: 0 })
  // what many points share, words of a few kB a point, and two of the models
  const room = 500_000 + points * 12_000
  await at.asked(["gc", "--keep-size", `${room}B`])
  expect(bytesUnder(at.home)).toBeLessThanOrEqual(room)
  const again = await at.asked(["sweep", "storing", "--over", over])
  expect(again.nodes).toMatchObject({ ran: 0, failed: 0 })
  const metricsOf = ({ points: all }: { readonly points: ReadonlyArray<{ readonly metrics: unknown }> }) =>
    all.map(({ metrics }) => metrics)
  expect(metricsOf(again)).toEqual(metricsOf(first))
})
