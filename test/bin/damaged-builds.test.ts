import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "vitest"
import { command as execute } from "../rig/command.ts"
import { folder } from "../rig/folder.ts"
import { waitingProject } from "../rig/waiting-project.ts"

// What becomes of a build of which the disk has lost a bit.

interface Whole {
  readonly STARTED_FROM: ReadonlyArray<string>
  readonly WORKED_FROM: ReadonlyArray<string>
  readonly isWhole: (directory: string, files?: ReadonlyArray<string>) => boolean
}

const program = path.resolve(import.meta.dirname, "../../bin/pipeline.mjs")

const flip = (file: string): void => {
  const bytes = fs.readFileSync(file)
  const middle = bytes.length >> 1
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle)
  fs.writeFileSync(file, bytes)
}

it("a build of which a bit is flipped is told of and made anew, before anything of it runs", async () => {
  const { isWhole, STARTED_FROM, WORKED_FROM }: Whole = await import(path.join(path.dirname(program), "whole.mjs"))
  const { root, counted } = waitingProject()
  const home = folder("headrace-damaged")
  const env = { ...process.env, PIPELINE_HOME: home, PIPELINE_RESULTS: path.join(home, "results") }
  const command = (...args: ReadonlyArray<string>) => execute(process.execPath, [program, ...args], { cwd: root, env })
  const run = (number: number) => command("run", "waiting", "--number", String(number))
  const builds = path.join(root, ".pipeline/build")

  expect((await run(1)).status).toBe(0)
  const { id } = JSON.parse(fs.readFileSync(path.join(builds, "current.json"), "utf8"))
  const directory = path.join(builds, id)
  const names = fs.readdirSync(directory).filter((name) => name !== "basis.json")
  const whole = new Map(names.map((name) => [name, fs.readFileSync(path.join(directory, name))]))
  const [cache = "", ...others] = names.filter((name) => name.endsWith(".cache"))
  expect([others, isWhole(directory)]).toEqual([[], true])

  // each file of it is known for damaged by whoever starts from that
  for (const [name, bytes] of whole) {
    if (name === cache) continue
    flip(path.join(directory, name))
    const of = { command: isWhole(directory, STARTED_FROM), workers: isWhole(directory, WORKED_FROM) }
    const isAll = name === "digests.json"
    expect([name, isWhole(directory), of]).toEqual([
      name,
      false,
      { command: !isAll && !STARTED_FROM.includes(name), workers: !isAll && !WORKED_FROM.includes(name) }
    ])
    fs.writeFileSync(path.join(directory, name), bytes)
  }

  const told = `warning: The build ${directory} was damaged: it is made anew.`
  for (const [name, number] of [
    ["cli.cjs", 1],
    ["worker.mjs", 2]
  ] as const) {
    flip(path.join(directory, name))
    const { status, stderr } = await run(number)
    expect([name, status, stderr.includes(told)]).toEqual([name, 0, true])
    expect(fs.readFileSync(path.join(directory, name)).equals(whole.get(name) ?? Buffer.alloc(0))).toBe(true)
    expect([isWhole(directory), fs.readdirSync(builds).sort()]).toEqual([true, [id, "current.json"].sort()])
  }
  expect(counted()).toEqual([1, 2])

  // what V8 made of it is made anew as well, by whoever would have taken it
  flip(path.join(directory, cache))
  const flipped = fs.readFileSync(path.join(directory, cache))
  expect((await command("list")).status).toBe(0)
  expect(fs.readFileSync(path.join(directory, cache)).equals(flipped)).toBe(false)
  const again = await run(1)
  expect([again.status, again.stderr.includes(told)]).toEqual([0, false])
})
