import * as fs from "node:fs"
import * as path from "node:path"
import { Effect } from "effect"
import { beforeEach, describe, expect, it } from "vitest"
import * as LeaseHolder from "../../../cache/lease-holder.ts"
import { fileSystemNow } from "../../../cache/tidy.ts"
import * as Claims from "../../../cluster/slurm/Claims.ts"
import { tidy } from "../../../cluster/slurm/left-behind.ts"
import { at } from "../../../cluster/slurm/TaskFiles.ts"
import { command } from "../../rig/command.ts"
import { folder } from "../../rig/folder.ts"
import { awaySlurm, fakeSlurm, handed } from "../../rig/slurm-fake.ts"

// What commands left is real files; Slurm is the test's own.

let root: string
let gone: LeaseHolder.Holder
beforeEach(async () => {
  root = folder("headrace-left")
  const { stdout } = await command(process.execPath, ["-p", "process.pid"])
  gone = { ...LeaseHolder.here.self(), pid: Number(stdout) }
})

const DAY = 24 * 3600 * 1000

/** A task as a command leaves it that submitted it and was killed, claimed by the letter. */
const leave = async (letter: string, waiting: ReadonlyArray<LeaseHolder.Holder> = [gone]) => {
  const place = { array: `headrace-${letter}`, index: 0 }
  const files = at(root, place)
  fs.mkdirSync(files.folder, { recursive: true })
  expect(await Effect.runPromise(Claims.take(root, handed(letter).request, place))).toBe(true)
  waiting.forEach((holder, index) => fs.writeFileSync(`${files.waiting}${index}`, LeaseHolder.written(holder)))
  for (const file of [files.task, files.answer, files.said, files.output]) fs.writeFileSync(file, "left")
  return path.basename(files.folder)
}
const rowOf = (name: string, state: string) => ({ name, array: 7, index: 0, state })
const there = () => ({
  arrays: fs.readdirSync(path.join(root, "arrays")).sort(),
  claims: fs.readdirSync(path.join(root, "claims")).length
})

describe("what killed commands left", () => {
  it("goes where no job of it waits or runs, whether Slurm remembers it or not", async () => {
    const remembered = await leave("a")
    await leave("b")
    const runs = await leave("c")
    const waits = await leave("d")
    const fake = fakeSlurm(() => "RUNNING")
    fake.rows.push(rowOf(remembered, "COMPLETED"), rowOf(runs, "RUNNING"), rowOf(waits, "PENDING"))
    await Effect.runPromise(tidy(fake.slurm, root))
    expect(there()).toEqual({ arrays: [runs, waits], claims: 2 })
    expect(fs.readdirSync(path.join(root, "arrays", runs))).toHaveLength(5)
  })

  it("stays where a command waits for it, or one of another machine may, and where Slurm does not answer", async () => {
    const waited = await leave("a", [gone, LeaseHolder.here.self()])
    const elsewhere = await leave("b", [{ ...gone, host: "elsewhere" }])
    await Effect.runPromise(tidy(fakeSlurm(() => "RUNNING").slurm, root))
    const left = await leave("c")
    await Effect.runPromise(tidy(awaySlurm, root))
    expect(there()).toEqual({ arrays: [waited, elsewhere, left], claims: 3 })
  })

  it("goes a day after the last that happened to it, whoever waited, by the clock of the file system", async () => {
    await leave("a", [{ ...gone, host: "elsewhere" }])
    const runs = await leave("b", [{ ...gone, host: "elsewhere" }])
    const fake = fakeSlurm(() => "RUNNING")
    fake.rows.push(rowOf(runs, "RUNNING"))
    const later = async (at: string) => (await fileSystemNow(at)) + DAY + 1000
    await Effect.runPromise(tidy(fake.slurm, root, later))
    expect(there()).toEqual({ arrays: [runs], claims: 1 })
  })

  it("takes claims along whose tasks are gone", async () => {
    const left = await leave("a")
    fs.rmSync(path.join(root, "arrays", left), { recursive: true })
    await Effect.runPromise(tidy(awaySlurm, root))
    expect(there()).toEqual({ arrays: [], claims: 0 })
  })
})
