import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "vitest"
import { type Cluster, type Machine, ranIn } from "./cluster.ts"

/** Where a command has its nodes computed, and what it is told for that. */
export interface Where {
  readonly machines: Cluster
  readonly args: ReadonlyArray<string>
}

/** What people may rely on, wherever nodes are computed. The numbers from `first` on are the contract's own. */
export const executorContract = (name: string, where: () => Where, first: number): void => {
  const start = (command: "run" | "sweep", ...args: ReadonlyArray<string>): Machine =>
    where().machines.start([command, "waiting", "--json", ...where().args, ...args])
  const times = (...of: ReadonlyArray<number>) =>
    where()
      .machines.counted()
      .filter((number) => of.includes(number)).length
  const test = (title: string, body: (number: number) => Promise<void>, number: number) =>
    it(`${name}: ${title}`, () => body(first + number))

  test("a run computes what is not kept, once, and says of what is found that it is", async (number) => {
    const home = { home: where().machines.root.replace(/project$/, `home-${number}`) }
    const again = () =>
      where().machines.start(["run", "waiting", "--json", ...where().args, "--number", String(number)], home).ended
    const done = await again()
    expect(done.code, done.stderr).toBe(0)
    expect(ranIn(done)).toEqual(["add-one", "wait"])
    expect(JSON.parse(done.stdout).results.added).toEqual({ number: number + 1 })
    expect(ranIn(await again())).toEqual([])
    expect(times(number)).toBe(1)
  }, 0)

  test("a sweep computes each of its points once", async (number) => {
    const done = await start("sweep", "--over", `number=int(${number},${number + 2},3)`).ended
    expect(JSON.parse(done.stdout).nodes, done.stderr).toEqual({ ran: 6, reused: 0, failed: 0 })
    expect(times(number, number + 1, number + 2)).toBe(3)
  }, 10)

  test("a stage that fails fails its node by name, with what it printed, and takes only what needs it with it", async (number) => {
    const done = await start("run", "--number", String(number), "--how", "fail").ended
    expect(done.code, done.stderr).toBe(1)
    const { nodes } = JSON.parse(done.stdout)
    const wait = nodes.find(({ node }: { node: string }) => node === "wait")
    expect(wait).toMatchObject({ status: "failed", error: { what: "told to fail" } })
    expect(wait.printed).toBe("waiting for 0\n")
    expect(nodes.find(({ node }: { node: string }) => node === "add-one")).toMatchObject({ status: "skipped" })
  }, 20)

  test("what a node prints is kept beside what it makes", async (number) => {
    const running = start("run", "--number", String(number), "--millis", "1")
    expect((await running.ended).code).toBe(0)
    const printed = path.join(running.home, "traces", "wait", "printed")
    const texts = fs.readdirSync(printed).map((file) => fs.readFileSync(path.join(printed, file), "utf8"))
    expect(texts.join("")).toContain("waiting for 1\n")
  }, 30)

  test("a node is computed again where that is asked for", async (number) => {
    const home = { home: where().machines.root.replace(/project$/, `home-${number}`) }
    const args = ["run", "waiting", "--json", ...where().args, "--number", String(number)]
    await where().machines.start(args, home).ended
    const done = await where().machines.start([...args, "--again", "wait"], home).ended
    expect(ranIn(done), done.stderr).toEqual(["wait"])
    expect(times(number)).toBe(2)
  }, 40)

  test("an interrupted command leaves nobody computing, and goes on when it is given again", async (number) => {
    const interrupted = start("run", "--number", String(number), "--millis", "600000")
    await interrupted.hears("wait: runs")
    interrupted.child.kill("SIGINT")
    const done = await interrupted.ended
    expect(done.code, done.stderr).toBe(130)
    expect(JSON.parse(done.stdout).status).toBe("interrupted")
    expect(times(number)).toBe(0)
    expect((await start("run", "--number", String(number)).ended).code).toBe(0)
  }, 50)
}
