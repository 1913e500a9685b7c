import { once } from "node:events"
import * as fs from "node:fs"
import * as path from "node:path"
import { setTimeout } from "node:timers/promises"
import { expect, it } from "vitest"
import { ENDURING } from "../../rig/enduring-files.ts"
import { times } from "../../rig/fault-counts.ts"
import { groupOf, growth, type Held, heldBy } from "../../rig/held.ts"
import { bytesUnder, type StoringProject, storingProject } from "../../rig/storing-project.ts"

// What runs for days holds no more at its end than at its beginning, and leaves no more than it may. How long that is counts in points,
// nodes and rounds, and never by a clock.

const LOOK_MILLIS = 10

/** Built once: each test has a store of its own. */
const project = storingProject(ENDURING)

/** What each process of a command holds, looked at whenever one more of a stage's traces is there. */
const watched = async (
  { start, home }: StoringProject,
  args: ReadonlyArray<string>,
  stage: string
): Promise<ReadonlyArray<ReadonlyArray<Held>>> => {
  const command = start(args)
  const over = once(command, "exit")
  const traces = path.join(home, "traces", stage)
  const done = () => (fs.existsSync(traces) ? fs.readdirSync(traces).length : 0)
  const seen = new Map<number, Array<Held>>()
  let last = done()
  while (command.exitCode === null && command.signalCode === null) {
    const now = done()
    if (now > last)
      for (const held of groupOf(command.pid ?? 0).map(heldBy))
        if (held !== null) seen.set(held.pid, [...(seen.get(held.pid) ?? []), held])
    last = now
    await setTimeout(LOOK_MILLIS)
  }
  expect(await over).toEqual([0, null])
  return [...seen.values()]
}

/** Those of them that were there for most of it. */
const lasting = (seen: ReadonlyArray<ReadonlyArray<Held>>): ReadonlyArray<ReadonlyArray<Held>> => {
  const most = Math.max(...seen.map(({ length }) => length))
  return seen.filter(({ length }) => length > most / 2)
}

it("a sweep holds as much at its last points as at its first", async () => {
  const at = project.anew()
  const points = times({ quick: 24, long: 300 })
  const megabytes = times({ quick: 10, long: 4 })
  const seeds = Array.from({ length: points }, (_, seed) => seed).join(",")
  const sweep = ["sweep", "growing", "--megabytes", `${megabytes}`, "--over", `seed=${seeds}`, "--jobs", "1"]
  const processes = lasting(await watched(at, sweep, "weigh"))
  // the command, and what computes for it
  expect(processes.length).toBeGreaterThan(1)
  for (const held of processes) {
    expect(held.length).toBeGreaterThan(points / 4)
    // the models of half of the points lie between: were every other one never let go, it would be as much
    expect(growth(held.map(({ residentBytes }) => residentBytes))).toBeLessThan((megabytes * 1e6 * points) / 4)
    expect(growth(held.map(({ handles }) => handles))).toBeLessThanOrEqual(2)
  }
  expect((await at.asked(sweep)).nodes).toEqual({ ran: 0, reused: 2 * points, failed: 0 })
})

it("a run of very many nodes, half of them one after the other, comes to its end, and finds them all again", async () => {
  const at = project.anew()
  const half = times({ quick: 40, long: 5000 })
  const run = ["run", "many", "--half", `${half}`]
  for (const held of lasting(await watched(at, run, "add"))) {
    expect(growth(held.map(({ handles }) => handles))).toBeLessThanOrEqual(2)
    // what is told of a node takes some kB; what each of the others keeps of it would be as much for every pair
    expect(growth(held.map(({ residentBytes }) => residentBytes))).toBeLessThan(64e6 + 2 * half * 20_000)
  }
  const { nodes, results } = await at.asked(run)
  expect(nodes.map(({ status }: { readonly status: string }) => status)).toEqual(Array(2 * half).fill("reused"))
  // the numbers below half, twice
  expect(results.total).toEqual({ total: half * (half - 1) })
})

it("a store that is written to and made smaller by turns stays as small as it is to be", async () => {
  const at = project.anew()
  // what the newest runs need, and some more
  const room = 1_500_000
  for (let round = 0; round < times({ quick: 2, long: 400 }); round++) {
    const from = `${round}`
    await at.asked(["run", "storing", "--from", from, "--seed", from])
    await at.asked(["sweep", "storing", "--from", from, "--over", `seed=${round + 1},${round + 2},${round + 3}`])
    await at.asked(["gc", "--keep-size", `${room}B`])
    expect(bytesUnder(at.home)).toBeLessThanOrEqual(room)
    const names = fs.readdirSync(at.home, { recursive: true }).map((name) => path.basename(String(name)))
    expect(names.filter((name) => name.startsWith(".tmp-"))).toEqual([])
    for (const folder of ["leases", "using"]) expect(fs.readdirSync(path.join(at.home, folder))).toEqual([])
    // what the newest run needs was left to it
    const again = await at.asked(["run", "storing", "--from", from, "--seed", from])
    expect(again.nodes.map(({ status }: { readonly status: string }) => status)).toEqual(Array(3).fill("reused"))
  }
})
