import * as fs from "node:fs"
import * as path from "node:path"
import { afterAll, afterEach, beforeAll, expect, it } from "vitest"
import { eventually } from "../rig/cli.ts"
import { type Cluster, cluster, type Ended, type Machine, ranIn } from "../rig/cluster.ts"
import { folder } from "../rig/folder.ts"
import { describeWith } from "../rig/needs.ts"
import { type SlurmCluster, slurm } from "../rig/slurm.ts"

// The real command and a real Slurm cluster of two nodes, which share all of this machine's disk, but for one folder.

const LONG = ["--millis", "600000"]

describeWith(["slurm", "mounts"], "on a Slurm cluster", () => {
  const hidden = folder("headrace-hidden")
  let nodes: SlurmCluster
  let machines: Cluster
  beforeAll(async () => {
    nodes = await slurm({ hidden })
    machines = await cluster(nodes.env)
  })
  afterAll(() => nodes.stop())
  afterEach(() => void nodes.ask("scancel", "--me"))

  const on = ["--on", "slurm", "--json"]
  const run = (...args: ReadonlyArray<string>) => machines.start(["run", "waiting", ...on, ...args])
  const sweep = (...args: ReadonlyArray<string>) => machines.start(["sweep", "waiting", ...on, ...args])
  /** Jobs that wait or run, as the queue lists them. */
  const jobs = (...format: ReadonlyArray<string>) =>
    nodes
      .ask("squeue", "--noheader", "--array", "--format", ["%F_%K", "%T", ...format].join(" "))
      .split("\n")
      .filter((line) => line !== "")
  const isRunning = (count = 1) =>
    eventually(() => expect(jobs().filter((job) => job.endsWith("RUNNING"))).toHaveLength(count))
  const errorOf = ({ stdout, stderr }: Ended) => {
    expect(stdout, stderr).not.toBe("")
    const { error, nodes: all = [] } = JSON.parse(stdout)
    return (error ?? all.find((node: { readonly error: unknown }) => node.error !== null).error) as Readonly<
      Record<"tag" | "what" | "expected" | "fix", string>
    >
  }
  /** How often the nodes of these numbers were computed. */
  const times = (...of: ReadonlyArray<number>) => machines.counted().filter((number) => of.includes(number)).length
  const killed = async ({ child, ended }: Machine) => {
    child.kill("SIGKILL")
    await ended
  }
  /** Jobs that begin once they are let go. */
  const held = ["--slurm-options", "--hold"]
  const release = () => {
    for (const array of new Set(jobs().map((job) => job.split("_")[0] ?? ""))) nodes.ask("scontrol", "release", array)
  }
  /** Lets jobs go as they come, until commands are over. */
  const released = async (...commands: ReadonlyArray<Machine>) => {
    const over = Promise.all(commands.map(({ ended }) => ended)).then(() => true)
    const pause = () => new Promise<boolean>((resolve) => setTimeout(resolve, 100, false))
    while (!(await Promise.race([over, pause()]))) release()
  }
  /** What commands leave behind: nothing of what is over. */
  const left = () => ["arrays", "claims"].flatMap((name) => fs.readdirSync(path.join(machines.shared, "slurm", name)))

  it("a run is computed by jobs, which tell where they run; the next one is found", async () => {
    const first = await run("--number", "1").ended
    expect(first.code, first.stderr).toBe(0)
    expect(ranIn(first)).toEqual(["add-one", "wait"])
    expect(first.stderr).toMatch(/^wait: computed by n[12]$/m)
    expect(ranIn(await run("--number", "1").ended)).toEqual([])
    expect(times(1)).toBe(1)
    expect(left()).toEqual([])
  })

  it("a sweep's points are computed by jobs, each once", async () => {
    const done = await sweep("--over", "number=int(10,13,4)").ended
    expect(JSON.parse(done.stdout).nodes, done.stderr).toEqual({ ran: 8, reused: 0, failed: 0 })
    expect(times(10, 11, 12, 13)).toBe(4)
    expect(left()).toEqual([])
  })

  it("a stage's failure is the node's, and what its process printed is told", async () => {
    const failed = await run("--number", "2", "--how", "fail").ended
    expect(failed.code).toBe(1)
    expect(errorOf(failed).what).toContain("told to fail")
    expect(left()).toEqual([])
  })

  it("a job that dies fails its node, with how it ended and its last words", async () => {
    const died = await run("--number", "3", "--how", "die").ended
    expect(errorOf(died)).toMatchObject({
      tag: "JobEnded",
      what: expect.stringMatching(/^The Slurm job \d+_0 of wait ended FAILED by signal 9 on n[12]/)
    })
    expect(left()).toEqual([])
  })

  it("a job that somebody cancels fails its node by that name", async () => {
    const command = run("--number", "4", ...LONG)
    await isRunning()
    nodes.ask("scancel", "--me")
    expect(errorOf(await command.ended)).toMatchObject({
      tag: "JobEnded",
      what: expect.stringContaining("ended CANCELLED"),
      fix: expect.stringContaining("run again")
    })
  })

  it("Ctrl-C ends the jobs of a command, those that run and those that wait", async () => {
    const command = sweep("--over", "number=int(20,31,12)", ...LONG)
    await isRunning(8)
    command.child.kill("SIGINT")
    expect((await command.ended).code).toBe(130)
    await eventually(() => expect(jobs()).toEqual([]))
    expect(left()).toEqual([])
  })

  it("what a killed command had submitted is taken up by the next one", async () => {
    const points = ["--over", "number=int(40,49,10)", ...held]
    const command = sweep(...points)
    await eventually(() => expect(jobs()).toHaveLength(10))
    await killed(command)
    const again = sweep(...points)
    await again.hears("taken up")
    await released(again)
    const done = await again.ended
    expect(JSON.parse(done.stdout).nodes.failed, done.stderr).toBe(0)
    expect(machines.counted().filter((number) => number >= 40 && number < 50)).toHaveLength(10)
    expect(left()).toEqual([])
  })

  it("two commands of the same sweep compute nothing twice, and both end well", async () => {
    const both = [1, 2].map(() => sweep("--over", "number=int(50,53,4)", ...held))
    await Promise.race(both.map((one) => one.hears("taken up")))
    await released(...both)
    for (const { ended } of both) expect(JSON.parse((await ended).stdout).nodes.failed).toBe(0)
    expect(times(50, 51, 52, 53)).toBe(4)
    expect(left()).toEqual([])
  })

  it("Ctrl-C ends no job for which another command waits, and the last one's does", async () => {
    const one = run("--number", "54", ...LONG)
    await isRunning()
    const other = run("--number", "54", ...LONG)
    await other.hears("taken up")
    for (const [command, count] of [
      [one, 1],
      [other, 0]
    ] as const) {
      command.child.kill("SIGINT")
      await command.ended
      await eventually(() => expect(jobs()).toHaveLength(count))
    }
  })

  it("why a job waits is told once", async () => {
    const command = run("--number", "5", "--slurm-options", "-p short -t 30")
    await command.hears(/^warning: The Slurm job \d+_0 of wait waits: PartitionTimeLimit, .* sinfo/m)
    command.child.kill("SIGINT")
    expect((await command.ended).stderr.match(/PartitionTimeLimit/g)).toHaveLength(1)
  })

  it("a controller that does not answer is waited for, which is told", async () => {
    nodes.controller("SIGSTOP")
    const command = run("--number", "6")
    await command.hears(/^warning: Slurm's controller does not answer sbatch/m)
    nodes.controller("SIGCONT")
    const done = await command.ended
    expect(done.code, done.stderr).toBe(0)
    expect(times(6)).toBe(1)
  })

  it("options that sbatch refuses are told in its own words, with what there is", async () => {
    const refused = async (options: string) => errorOf(await run("--number", "7", "--slurm-options", options).ended)
    expect(await refused("-p nowhere")).toMatchObject({
      what: expect.stringContaining("invalid partition specified: nowhere"),
      fix: expect.stringContaining("sinfo")
    })
    expect((await refused("-C third")).fix).toContain("sinfo -o")
    expect((await refused("--mem=1T")).expected).toContain("a node")
    expect((await refused("--nonsense")).what).toContain("unrecognized option '--nonsense'")
    expect(await refused("--array=1-3")).toMatchObject({ what: "--slurm-options has --array=1-3" })
    expect((await refused('-p "main')).what).toContain("a quote without its end")
    expect(left()).toEqual([])
    const elsewhere = machines.start(["run", "waiting", "--json", "--slurm-options", "-p main"])
    expect(errorOf(await elsewhere.ended).what).toBe("--slurm-options is given without --on slurm")
  })

  it("a machine without Slurm, or of no cluster, is told so", async () => {
    const bare = (env: Readonly<Record<string, string>>) =>
      machines.start(["run", "waiting", ...on, "--number", "8"], { env }).ended
    expect(errorOf(await bare({ PATH: folder("headrace-nothing") }))).toMatchObject({
      what: "There is no command sbatch here"
    })
    expect(errorOf(await bare({ SLURM_CONF: "/nowhere/slurm.conf" })).fix).toContain("SLURM_CONF")
  })

  it("a node that does not see the shared folder is found out by its job, by name", async () => {
    const unseen = (...args: ReadonlyArray<string>) =>
      machines.start(["run", "waiting", ...on, ...args], { env: { PIPELINE_REMOTE: hidden } }).ended
    const seen = await unseen("--number", "9", "--slurm-options", "-C first")
    expect(seen.code, seen.stderr).toBe(0)
    expect(errorOf(await unseen("--number", "10", "--slurm-options", "-C second"))).toMatchObject({
      tag: "NotShared",
      what: expect.stringMatching(/^The Slurm job \d+_0 on n2 does not find .*slurm, where this machine put its task$/),
      fix: expect.stringContaining("PIPELINE_REMOTE")
    })
  })

  it("a job that would compute otherwise computes nothing, and says what differs on its node", async () => {
    const command = run("--number", "60", ...held)
    await command.hears(/JobHeldUser, it is held: scontrol release/)
    const stage = path.join(machines.root, "stages/wait.ts")
    const text = fs.readFileSync(stage, "utf8")
    fs.writeFileSync(stage, text.replace("done: 1", "done: 2"))
    release()
    expect(errorOf(await command.ended)).toMatchObject({
      tag: "KeyRefused",
      what: expect.stringMatching(/^The node n[12] of the cluster would compute wait otherwise .* stages\/wait\.ts/),
      fix: expect.stringContaining("-C FEATURE")
    })
    fs.writeFileSync(stage, text)
    expect(times(60)).toBe(0)
  })
})
