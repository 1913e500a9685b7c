import { randomBytes } from "node:crypto"
import * as fs from "node:fs"
import { beforeAll, expect, it, vi } from "vitest"
import { type Cluster, cluster, type Ended, type Machine, ranIn } from "../rig/cluster.ts"
import { times } from "../rig/fault-counts.ts"
import { folder } from "../rig/folder.ts"
import { describeWith } from "../rig/needs.ts"
import { PATIENCE_MILLIS } from "../rig/patience.ts"
import { type CuttingProxy, proxyTo } from "../rig/proxy.ts"
import { type RedisServer, redisServer } from "../rig/redis-server.ts"
import { checkoutOf } from "../rig/waiting-project.ts"

// What must survive where the workers of a Redis server compute, again and again and for as long as it lasts: `npm run test:faults`.

describeWith(["redis"], "the workers of a Redis server survive", () => {
  let server: RedisServer
  let proxy: CuttingProxy
  let machines: Cluster
  beforeAll(async () => {
    server = await redisServer()
    proxy = await proxyTo(server.port)
    machines = await cluster()
  })

  type Options = Parameters<Cluster["start"]>[1]
  const worker = async (options?: Options, url = server.url): Promise<Machine> => {
    const started = machines.start(["worker", "--on", url, "--jobs", "1"], options)
    await started.hears(/^worker .* 1 at a time/m)
    return started
  }
  const asking = (command: string, url = server.url) => [command, "waiting", "--on", url, "--json", "--not-here"]
  const run = (...args: ReadonlyArray<string>) => machines.start([...asking("run"), ...args])
  const end = async (...all: ReadonlyArray<Machine>) => {
    for (const { child } of all) child.kill("SIGTERM")
    await Promise.all(all.map(({ ended }) => ended))
  }
  const over = (from: number, count: number) => ["--over", `number=int(${from},${from + count - 1},${count})`]
  const nodesOf = ({ stdout }: Ended) => JSON.parse(stdout).nodes as { readonly ran: number; readonly failed: number }
  /** How often each of these numbers was computed. */
  const counts = (from: number, count: number): ReadonlyArray<number> => {
    const counted = machines.counted()
    return Array.from({ length: count }, (_, at) => counted.filter((number) => number === from + at).length)
  }
  const each = (count: number, one: number) => Array.from({ length: count }, () => one)
  const seconds = async (lasting: number) => new Promise((resolve) => setTimeout(resolve, lasting * 1000))

  it("workers that are killed again and again in a sweep: all is done, each result once, and who takes over is told", async () => {
    const kills = times({ quick: 2, long: 50 })
    const points = times({ quick: 8, long: 200 })
    const workers = await Promise.all([worker(), worker()])
    const sweep = machines.start([...asking("sweep"), "--millis", "1000", ...over(1000, points)])
    for (let kill = 0; kill < kills; kill++) {
      const at = kill % workers.length
      const victim = workers[at] as Machine
      await victim.hears("wait: begins")
      victim.child.kill("SIGKILL")
      workers[at] = await worker()
    }
    const done = await sweep.ended
    expect(done.code, done.stderr).toBe(0)
    expect(nodesOf(done)).toMatchObject({ ran: 2 * points, failed: 0 })
    // one that was killed after it had computed and before it could say so is computed once more, by those who don't know
    expect(counts(1000, points).filter((count) => count === 0)).toEqual([])
    expect(counts(1000, points).filter((count) => count > 2)).toEqual([])
    await end(...workers)
  })

  it("one killed worker: its task is taken over", async () => {
    const first = await worker()
    const running = run("--number", "1300", "--millis", "1000")
    await first.hears("wait: begins")
    const second = await worker()
    const killed = performance.now()
    first.child.kill("SIGKILL")
    await second.hears("wait: begins")
    console.log(`a killed worker's task was taken over after ${((performance.now() - killed) / 1000).toFixed(1)} s`)
    expect((await running.ended).code).toBe(0)
    expect(counts(1300, 1)).toEqual([1])
    await end(second)
  })

  it("a worker that is stopped for long and goes on: its late result changes nothing", async () => {
    const first = await worker()
    const running = run("--number", "1310", "--millis", "3000")
    await first.hears("wait: begins")
    process.kill(-(first.child.pid ?? 0), "SIGSTOP")
    const second = await worker()
    const done = await running.ended
    expect(done.code).toBe(0)
    await seconds(times({ quick: 0, long: 60 }))
    process.kill(-(first.child.pid ?? 0), "SIGCONT")
    await first.hears(/wait: (taken over|done)/)
    const again = await run("--number", "1310", "--millis", "3000").ended
    expect(ranIn(again)).toEqual([])
    expect(JSON.parse(again.stdout).results).toEqual(JSON.parse(done.stdout).results)
    await end(first, second)
  })

  it("a server that is killed and started again and again", async () => {
    const points = times({ quick: 6, long: 40 })
    const helpers = await Promise.all([worker(), worker()])
    const sweep = machines.start([...asking("sweep"), "--millis", "500", ...over(1400, points)])
    await sweep.hears("point 1 of")
    for (let restart = 0; restart < times({ quick: 1, long: 10 }); restart++) {
      await server.kill()
      await seconds(times({ quick: 1, long: restart === 0 ? 60 : 2 }))
      await server.start()
      await seconds(1)
    }
    const done = await sweep.ended
    expect(done.code, done.stderr).toBe(0)
    expect(done.stderr).toContain("does not answer")
    expect(nodesOf(done)).toMatchObject({ ran: 2 * points, failed: 0 })
    expect(counts(1400, points)).toEqual(each(points, 1))
    await end(...helpers)
  })

  it("connections that are cut again and again", async () => {
    const url = `redis://127.0.0.1:${proxy.port}`
    const points = times({ quick: 6, long: 60 })
    const helpers = await Promise.all([worker({}, url), worker({}, url)])
    const sweep = machines.start([...asking("sweep", url), "--millis", "300", ...over(1500, points)])
    await helpers[0]?.hears("wait: begins")
    for (let cut = 0; cut < times({ quick: 3, long: 30 }); cut++) {
      proxy.cut()
      await seconds(0.5)
    }
    const done = await sweep.ended
    expect(done.code, done.stderr).toBe(0)
    expect(nodesOf(done)).toMatchObject({ ran: 2 * points, failed: 0 })
    expect(counts(1500, points)).toEqual(each(points, 1))
    await end(...helpers)
  })

  it("a shared store that is away: it is waited for, and told of", async () => {
    const away = `${machines.shared}.away`
    const helper = await worker()
    const running = run("--number", "1600", "--millis", "1500")
    await helper.hears("wait: begins")
    fs.renameSync(machines.shared, away)
    await helper.hears("what goes there waits for it")
    await seconds(times({ quick: 1, long: 60 }))
    fs.renameSync(away, machines.shared)
    const done = await running.ended
    expect(done.code, done.stderr).toBe(0)
    expect(counts(1600, 1)).toEqual([1])
    await end(helper)
  })

  it("a command that is killed again and again: nothing is computed twice", async () => {
    const points = times({ quick: 6, long: 40 })
    const home = folder("headrace-machine")
    const helpers = await Promise.all([worker(), worker()])
    const args = [...asking("sweep"), "--millis", "600", ...over(1700, points)]
    for (let kill = 0; kill < times({ quick: 2, long: 15 }); kill++) {
      const before = machines.counted().length
      const sweep = machines.start(args, { home })
      await vi.waitFor(() => expect(machines.counted().length).toBeGreaterThan(before), { timeout: PATIENCE_MILLIS })
      sweep.child.kill("SIGKILL")
      await sweep.ended
    }
    const done = await machines.start(args, { home }).ended
    expect(done.code, done.stderr).toBe(0)
    expect(counts(1700, points)).toEqual(each(points, 1))
    await end(...helpers)
  })

  it("two commands of one sweep at once: nothing is computed twice, and both end well", async () => {
    const points = times({ quick: 4, long: 100 })
    const helpers = await Promise.all([worker(), worker()])
    const args = [...asking("sweep"), "--millis", "200", ...over(1800, points)]
    const both = await Promise.all([machines.start(args).ended, machines.start(args).ended])
    for (const { code, stderr } of both) expect(code, stderr).toBe(0)
    expect(counts(1800, points)).toEqual(each(points, 1))
    await end(...helpers)
  })

  it.each([
    [
      "of another code version",
      { number: 1910, files: { "stages/add-one.ts": "" }, says: "it has other code in stages/add-one.ts" }
    ],
    [
      "with another fact",
      { number: 1920, env: { PIPELINE_THREADS: "7" }, says: /its threads is 7 where \d+ is needed/ }
    ],
    [
      "with another environment variable",
      { number: 1930, env: { WAITING: "there" }, says: "its environment variable WAITING" }
    ],
    [
      "with another secret",
      { number: 1940, env: { WAITING_TOKEN: "geheim" }, says: "its environment variable WAITING_TOKEN" }
    ]
  ] as ReadonlyArray<
    readonly [
      string,
      {
        readonly number: number
        readonly files?: Record<string, string>
        readonly env?: Record<string, string>
        says: string | RegExp
      }
    ]
  >)("a worker %s is given nothing that it would compute otherwise, and what it lacks is told", async (_, other) => {
    const { number, files = {}, env = {}, says } = other
    const code = Object.fromEntries(
      Object.entries(files).map(([file, text]) => [
        file,
        text || fs.readFileSync(`${machines.root}/${file}`, "utf8").replace("number + 1", "number + 2")
      ])
    )
    const stranger = await worker({ at: checkoutOf(machines.root, code), env })
    const running = run("--number", String(number))
    await running.hears(says)
    expect(running.said()).not.toContain("geheim")
    const fit = await worker()
    const done = await running.ended
    expect(done.code, done.stderr).toBe(0)
    expect(ranIn(done)).toContain("add-one")
    expect(JSON.parse(done.stdout).results.added).toMatchObject({ number: number + 1 })
    expect(stranger.said()).toMatch(/computes no (wait|add-one) for others/)
    await end(stranger, fit)
  })

  it("clocks a day apart, and workers in other time zones: no effect", async () => {
    const clocks = folder("headrace-clock")
    const shim = (name: string, hours: number): string => {
      const file = `${clocks}/${name}.cjs`
      const off = hours * 3600_000
      fs.writeFileSync(
        file,
        `const now = Date.now; Date.now = () => now() + ${off}
         globalThis.Date = class extends Date { constructor(...of) { of.length === 0 ? super(now() + ${off}) : super(...of) } }
         Date.now = () => now() + ${off}`
      )
      return `--require=${file}`
    }
    const ahead = await worker({ env: { NODE_OPTIONS: shim("ahead", 24), TZ: "Pacific/Auckland" } })
    const behind = await worker({ env: { NODE_OPTIONS: shim("behind", -24), TZ: "America/Los_Angeles" } })
    const done = await machines.start([...asking("sweep"), "--millis", "500", ...over(2000, 8)]).ended
    expect(done.code, done.stderr).toBe(0)
    expect(counts(2000, 8)).toEqual(each(8, 1))
    expect(ahead.said()).toContain("wait: done")
    expect(behind.said()).toContain("wait: done")
    const running = run("--number", "2010", "--millis", "2000")
    await vi.waitFor(() => expect(`${ahead.said()}${behind.said()}`.match(/wait: begins/g)).toHaveLength(9), {
      timeout: PATIENCE_MILLIS
    })
    const [first, second] = /begins\n$/.test(ahead.said()) ? [ahead, behind] : [behind, ahead]
    first.child.kill("SIGKILL")
    expect((await running.ended).code).toBe(0)
    expect(counts(2010, 1)).toEqual([1])
    const { stdout } = await machines.command("workers", "--on", server.url, "--json")
    for (const { seconds: alive } of JSON.parse(stdout).workers as ReadonlyArray<{ readonly seconds: number }>) {
      expect(alive).toBeGreaterThanOrEqual(0)
      expect(alive).toBeLessThan(3600)
    }
    await end(second)
  })

  it("strangers' keys on the same server are left as they are", async () => {
    const { Redis } = await import("ioredis")
    const client = new Redis(server.url)
    const theirs = randomBytes(4).toString("hex")
    await client.set(`bull:${theirs}:id`, "7")
    await client.hset(`${theirs}-hash`, "field", "value")
    const helper = await worker()
    expect((await run("--number", "2100").ended).code).toBe(0)
    await end(helper)
    expect(await client.get(`bull:${theirs}:id`)).toBe("7")
    expect(await client.hgetall(`${theirs}-hash`)).toEqual({ field: "value" })
    const others = (await client.keys("*")).filter((key) => !key.startsWith("headrace:") && !key.includes(theirs))
    expect(others).toEqual([])
    client.disconnect()
  })
})
