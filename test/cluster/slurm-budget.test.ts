import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, expect, it } from "vitest"
import type { Key } from "../../cache/Key.ts"
import * as Seal from "../../cache/Seal.ts"
import type { Trace } from "../../cache/Trace.ts"
import * as Need from "../../cluster/Need.ts"
import { ComputeNode } from "../../engine/WorkerProtocol.ts"
import { eventually } from "../rig/cli.ts"
import { type Cluster, cluster } from "../rig/cluster.ts"
import { folder } from "../rig/folder.ts"

// What a job of Slurm leaves on the node that it ran on: here the job's command alone, for which no Slurm is needed.

let machines: Cluster
beforeAll(async () => {
  machines = await cluster()
})

/** The task of a node, as a command with --on slurm writes it: its key's text is found where the same was computed, which nobody shares. */
const taskOf = async (number: number): Promise<string> => {
  const own = machines.start(["run", "waiting", "--number", String(number)], { env: { PIPELINE_REMOTE: "" } })
  expect((await own.ended).code).toBe(0)
  const traces = path.join(own.home, "traces/wait")
  const [name = ""] = fs.readdirSync(traces).filter((each) => each.endsWith(".json"))
  const { key, text } = JSON.parse(Seal.open(fs.readFileSync(path.join(traces, name), "utf8")) ?? "null") as Trace
  const params = { number, millis: 0, how: "well" }
  const of = { pipeline: "waiting", params, node: "wait", key: key as Key, isAgain: false, range: null, outputs: {} }
  const file = path.join(folder("headrace-task"), "0.json")
  fs.writeFileSync(file, Need.encode({ request: new ComputeNode(of), share: "core", text }))
  return file
}

const objectsIn = (home: string) =>
  fs.readdirSync(path.join(home, "objects"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())

it("a job keeps its node's store within the budget once it is over, and says so; without one it leaves all there", async () => {
  const job = async (number: number, env: Readonly<Record<string, string>>) => {
    const performed = machines.start(["slurm-task", await taskOf(number)], { env })
    const { code, stderr } = await performed.ended
    expect([code, machines.counted().filter((one) => one === number)], stderr).toEqual([0, [number, number]])
    return { home: performed.home, stderr }
  }
  const bounded = await job(1, { PIPELINE_KEEP_SIZE: "1B" })
  expect(bounded.stderr).toContain("PIPELINE_KEEP_SIZE=100GB lets it grow")
  await eventually(() => expect(objectsIn(bounded.home)).toEqual([]))
  const free = await job(2, { PIPELINE_KEEP_SIZE: "off" })
  expect(free.stderr).not.toContain("PIPELINE_KEEP_SIZE")
  expect(objectsIn(free.home)).toHaveLength(1)
})
