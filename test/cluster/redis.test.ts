import { readdirSync } from "node:fs"
import * as path from "node:path"
import { beforeAll, expect, it, vi } from "vitest"
import { type Cluster, cluster, type Ended, type Machine, ranIn } from "../rig/cluster.ts"
import { describeWith } from "../rig/needs.ts"
import { PATIENCE_MILLIS } from "../rig/patience.ts"
import { type RedisServer, redisServer } from "../rig/redis-server.ts"

// The real command and real workers, a real Redis server: each machine has a store of its own, and a folder in common with the others.
// What befalls workers is tried in redis.faults.test.ts.

describeWith(["redis"], "on the workers of a Redis server", () => {
  let server: RedisServer
  let machines: Cluster
  beforeAll(async () => {
    server = await redisServer()
    machines = await cluster()
  })

  const on = () => ["--on", server.url]
  const worker = async (...args: ReadonlyArray<string>): Promise<Machine> => {
    const started = machines.start(["worker", ...on(), "--jobs", "1", ...args])
    await started.hears(/^worker .* 1 at a time/m)
    return started
  }
  const run = (...args: ReadonlyArray<string>) => machines.start(["run", "waiting", ...on(), "--json", ...args])
  const sweep = (...args: ReadonlyArray<string>) => machines.start(["sweep", "waiting", ...on(), "--json", ...args])
  const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at)
  const end = async (machine: Machine) => {
    machine.child.kill("SIGTERM")
    await machine.ended
  }
  const errorOf = ({ stdout }: Ended) => JSON.parse(stdout).error as { tag: string; what: string; fix: string }
  /** How often the nodes of these numbers were computed. */
  const times = (...of: ReadonlyArray<number>) => machines.counted().filter((number) => of.includes(number)).length

  it("a run is computed by a worker elsewhere, which tells who it is; the next one is found", async () => {
    const helper = await worker()
    const first = await run("--not-here", "--number", "1").ended
    expect(first.code).toBe(0)
    expect(ranIn(first)).toEqual(["add-one", "wait"])
    expect(first.stderr).toMatch(/^wait: computed by .+:\d+$/m)
    expect(first.stderr).toContain(`:${helper.child.pid}`)
    expect(ranIn(await run("--not-here", "--number", "1").ended)).toEqual([])
    expect(times(1)).toBe(1)
    await end(helper)
  })

  it("a worker keeps its store within the budget after its tasks, while it goes on, and says so once", async () => {
    const helper = machines.start(["worker", ...on(), "--jobs", "1"], { env: { PIPELINE_KEEP_SIZE: "1B" } })
    await helper.hears(/^worker .* 1 at a time/m)
    const objects = () => readdirSync(path.join(helper.home, "objects"), { recursive: true, withFileTypes: true })
    for (const number of ["701", "702"]) {
      expect(ranIn(await run("--not-here", "--number", number).ended)).toEqual(["add-one", "wait"])
      await vi.waitFor(() => expect(objects().filter((entry) => entry.isFile())).toEqual([]), {
        timeout: PATIENCE_MILLIS,
        interval: 50
      })
    }
    expect(helper.said().match(/PIPELINE_KEEP_SIZE=100GB lets it grow/g)).toHaveLength(1)
    expect(helper.child.exitCode).toBeNull()
    await end(helper)
  })

  it("the command's own machine computes as well", async () => {
    const done = await run("--number", "2").ended
    expect(ranIn(done)).toEqual(["add-one", "wait"])
    expect(done.stderr).not.toContain("warning")
  })

  it("a sweep is shared out, and each of its points is computed once", async () => {
    const helpers = await Promise.all([worker(), worker()])
    const done = await sweep("--not-here", "--millis", "100", "--over", "number=int(10,21,12)").ended
    expect(done.code).toBe(0)
    expect(JSON.parse(done.stdout).nodes).toEqual({ ran: 24, reused: 0, failed: 0 })
    expect(times(...numbers(10, 21))).toBe(12)
    for (const helper of helpers) {
      expect(helper.said()).toContain("wait: done")
      await end(helper)
    }
  })

  it("a tune on workers tries what it tries alone, and comes to the same", async () => {
    const helpers = await Promise.all([worker(), worker()])
    const args = ["tune", "climbing", "--over", "number=int(1,100)", "--trials", "16", "--goal", "max:number", "--json"]
    const there = await machines.start([...args, ...on(), "--not-here"]).ended
    expect(there.code, there.stderr).toBe(0)
    const alone = await machines.start([...args, "--remote", "off"]).ended
    const told = ({ stdout }: Ended) => {
      const { trials, best } = JSON.parse(stdout)
      return {
        trials: trials.map((one: object) => ({ ...one, seconds: null })),
        params: best.params,
        score: best.score
      }
    }
    expect(told(there)).toEqual(told(alone))
    expect(told(there).trials).toHaveLength(16 + 8 + 4)
    // by what the first nine came to the others are drawn near to the best
    expect(Math.abs(told(there).params.number - 50)).toBeLessThanOrEqual(3)
    expect(JSON.parse(there.stdout).nodes).toEqual({ ran: 28, reused: 0, failed: 0 })
    for (const helper of helpers) {
      expect(helper.said()).toContain("climb: done")
      await end(helper)
    }
  })

  it("a stage's failure is the node's, with what it printed, and is not tried again", async () => {
    const helper = await worker()
    const done = await run("--not-here", "--number", "3", "--how", "fail").ended
    expect(done.code).toBe(1)
    expect(errorOf(done)).toMatchObject({ what: "told to fail" })
    expect(helper.said().match(/wait: begins/g)).toHaveLength(1)
    expect(helper.said()).toContain("wait: failed")
    await end(helper)
  })

  it("a worker that ends gives its task back at once", async () => {
    const first = await worker()
    const running = run("--not-here", "--number", "6", "--millis", "1500")
    await first.hears("wait: begins")
    const second = await worker()
    await end(first)
    await second.hears("wait: begins")
    expect((await running.ended).code).toBe(0)
    await end(second)
  })

  it("an interrupted command calls off what nobody else waits for", async () => {
    const helper = await worker()
    const running = run("--not-here", "--number", "7", "--millis", "600000")
    await helper.hears("wait: begins")
    running.child.kill("SIGINT")
    expect((await running.ended).code).toBe(130)
    await helper.hears("wait: called off")
    expect(times(7)).toBe(0)
    await end(helper)
  })

  it("what two commands wait for goes on when one of them is interrupted", async () => {
    const helper = await worker()
    const args = ["--not-here", "--number", "8", "--millis", "2500"]
    const [first, second] = [run(...args), run(...args)]
    await first.hears("wait: computed by")
    await second.hears("wait: computed by")
    first.child.kill("SIGINT")
    await first.ended
    expect((await second.ended).code).toBe(0)
    expect(helper.said()).not.toContain("called off")
    expect(times(8)).toBe(1)
    await end(helper)
  })

  it("a killed command loses nothing: run again, it takes up what is still being computed", async () => {
    const helper = await worker()
    const args = ["--not-here", "--number", "9", "--millis", "2500"]
    const first = run(...args)
    await helper.hears("wait: begins")
    first.child.kill("SIGKILL")
    await first.ended
    expect((await run(...args).ended).code).toBe(0)
    expect(helper.said().match(/wait: begins/g)).toHaveLength(1)
    expect(times(9)).toBe(1)
    await end(helper)
  })

  it("a server that is killed and started again is waited for", async () => {
    const helper = await worker()
    const running = run("--not-here", "--number", "50", "--millis", "1500")
    await helper.hears("wait: begins")
    await server.kill()
    await running.hears("does not answer")
    await server.start()
    expect((await running.ended).code).toBe(0)
    await running.hears("answers again")
    expect(times(50)).toBe(1)
    await end(helper)
  })

  it("what a server has forgotten is handed out anew", async () => {
    const running = run("--not-here", "--number", "51")
    await running.hears("Nobody can compute wait yet")
    const { Redis } = await import("ioredis")
    const client = new Redis(server.url)
    await client.flushall()
    client.disconnect()
    const helper = await worker()
    expect((await running.ended).code).toBe(0)
    await end(helper)
  })

  it("a task whose workers die is given up after the third, and told of", async () => {
    const helpers = await Promise.all([worker(), worker(), worker(), worker()])
    const done = await run("--not-here", "--number", "52", "--how", "die").ended
    expect(errorOf(done)).toMatchObject({
      tag: "WorkersLost",
      what: expect.stringContaining("3 workers that computed wait were lost")
    })
    expect(helpers.filter(({ child }) => child.signalCode === "SIGKILL")).toHaveLength(3)
    for (const helper of helpers) await end(helper)
  })

  it("workers are listed: alive since when, doing what, offering what", async () => {
    const helper = await worker()
    const running = run("--not-here", "--number", "53", "--millis", "1500")
    await helper.hears("wait: begins")
    const listed = JSON.parse((await machines.command("workers", ...on(), "--json")).stdout)
    const found = listed.workers.find(({ name }: { name: string }) => name.endsWith(`:${helper.child.pid}`))
    expect(found).toMatchObject({ jobs: 1, doing: [{ pipeline: "waiting", node: "wait" }] })
    expect(found.asked.map(({ stage }: { stage: string }) => stage)).toContain("wait")
    await running.ended
    await end(helper)
    await vi.waitFor(
      async () => {
        const { stdout } = await machines.command("workers", ...on())
        expect(stdout).toContain("No worker lives on")
      },
      { timeout: PATIENCE_MILLIS }
    )
  })
})
