import * as fs from "node:fs"
import * as path from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { eventually } from "../rig/cli.ts"
import { type Cluster, cluster, ranIn } from "../rig/cluster.ts"
import { times } from "../rig/fault-counts.ts"
import { describeWith } from "../rig/needs.ts"
import { type SlurmCluster, slurm } from "../rig/slurm.ts"

// Faults of a Slurm cluster that take minutes: Slurm waits before it takes a node for dead, and before it runs a job again.

describeWith(["slurm"], "on a Slurm cluster", () => {
  let nodes: SlurmCluster
  let machines: Cluster
  beforeAll(async () => {
    nodes = await slurm()
    machines = await cluster(nodes.env)
  })
  afterAll(() => nodes.stop())

  it("a job whose node dies is run again on another, which is told, and its node's result is computed once", async () => {
    const command = machines.start([
      "run",
      "waiting",
      "--on",
      "slurm",
      "--json",
      "--number",
      "1",
      "--millis",
      "15000",
      "--slurm-options",
      "-C first|second"
    ])
    const row = () => nodes.ask("squeue", "--noheader", "--format", "%T %N %r")
    await eventually(() => expect(row()).toMatch(/^RUNNING n[12] None$/))
    await command.hears(/computed by n[12]/)
    const node = row().includes("n1") ? "n1" : "n2"
    const other = node === "n1" ? "n2" : "n1"
    await nodes.die(node)
    await command.hears(`lost its node ${node}`)
    await command.hears(`computed by ${other}`)
    const done = await command.ended
    expect(ranIn(done), done.stderr).toEqual(["add-one", "wait"])
    expect(machines.counted()).toEqual([1])
    await nodes.revive(node)
  })

  it("a sweep whose command is killed again and again is finished, and no point is computed twice", async () => {
    const points = times({ quick: 6, long: 48 })
    const numbers = Array.from({ length: points }, (_, at) => 100 + at)
    const computed = () => machines.counted().filter((number) => number >= 100)
    const sweep = ["sweep", "waiting", "--on", "slurm", "--json", "--over", `number=int(100,${99 + points},${points})`]
    let kills = 0
    for (let isDone = false; !isDone; ) {
      const before = computed().length
      const command = machines.start(sweep)
      let isOver = false
      const ended = command.ended.then((end) => {
        isOver = true
        return end
      })
      // each is killed at another moment of what it does
      await eventually(() =>
        expect(isOver || computed().length > before || command.said().includes("taken up")).toBe(true)
      )
      if (command.child.kill("SIGKILL")) kills += 1
      const { code, stdout } = await ended
      isDone = code === 0 && JSON.parse(stdout).nodes.failed === 0
    }
    expect(kills).toBeGreaterThan(0)
    expect(computed()).toEqual(numbers)

    // what nobody asks for again is removed by a command that asks for something else, once its jobs are over
    const killed = machines.start(["run", "waiting", "--on", "slurm", "--json", "--number", "7"])
    await killed.hears(/computed by n[12]/)
    killed.child.kill("SIGKILL")
    await killed.ended
    await eventually(() => expect(nodes.ask("squeue", "--noheader")).toBe(""))
    const left = () => fs.readdirSync(path.join(machines.shared, "slurm/arrays"))
    expect(left()).not.toEqual([])
    await eventually(async () => {
      await machines.start(["run", "waiting", "--on", "slurm", "--json", "--number", "100"]).ended
      expect(left()).toEqual([])
    })
  })
})
