import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "vitest"
import { command as execute } from "../rig/command.ts"
import { folder } from "../rig/folder.ts"
import { waitingProject } from "../rig/waiting-project.ts"

// What is told of a run that the system killed, which had no time to say anything.

const program = path.resolve(import.meta.dirname, "../../bin/pipeline.mjs")

it("a run that is killed is told of by list, why and report, and goes on where it is run again", async () => {
  const { root } = waitingProject()
  const home = folder("headrace-killed")
  const command = (...args: ReadonlyArray<string>) =>
    execute(process.execPath, [program, ...args], {
      cwd: root,
      env: { ...process.env, PIPELINE_HOME: home, PIPELINE_RESULTS: path.join(home, "results"), WAITING_TOKEN: "well" }
    })
  const json = async (...args: ReadonlyArray<string>) => JSON.parse((await command(...args, "--json")).stdout)

  const killed = await command("run", "waiting", "--number", "3", "--how", "die")
  // by a signal
  expect(killed.status).toBe(null)
  expect(fs.readdirSync(path.join(home, "begun"))).toHaveLength(1)

  const told = (await command("list")).stdout
  expect(told).toMatch(/^waiting +interrupted without a word /m)
  expect(fs.readdirSync(path.join(home, "begun"))).toEqual([])
  const [{ run, ...document }, ...others] = (await json("list")).runs
  expect(others).toEqual([])
  expect(document).toMatchObject({
    pipeline: "waiting",
    status: "interrupted",
    params: { number: 3, how: "die" },
    error: { tag: "ProcessGone", what: expect.stringMatching(/^The process that carried it out \(\d+ on \S+\) ended/) }
  })
  expect((await command("why", "waiting", "--run", run)).stdout).toContain("ended without a word")
  const { report } = await json("report", run)
  expect(fs.readFileSync(report, "utf8")).toContain("ended without a word")

  expect((await json("run", "waiting", "--number", "3")).status).toBe("done")
  expect((await json("list")).runs.map(({ status }: { status: string }) => status)).toEqual(["done", "interrupted"])
})
