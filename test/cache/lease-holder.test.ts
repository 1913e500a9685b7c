import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "vitest"
import { systemAt } from "../../cache/lease-holder.ts"
import { folder } from "../rig/folder.ts"

/** A system that tells of one process what Linux would, and is asked about it. */
const systemWith = (pid: number, state: string, start: string) => {
  const proc = folder("headrace-proc")
  fs.mkdirSync(path.join(proc, "sys/kernel/random"), { recursive: true })
  fs.writeFileSync(path.join(proc, "sys/kernel/random/boot_id"), "a-boot\n")
  fs.mkdirSync(path.join(proc, String(pid)))
  const before = `${pid} (a name (with) signs) ${state} 1 ${Array.from({ length: 17 }, () => "0").join(" ")}`
  fs.writeFileSync(path.join(proc, String(pid), "stat"), `${before} ${start} 0 0\n`)
  const system = systemAt(proc)
  return { system, holder: { host: system.host, pid, start } }
}

it("a process that lives is here, in whichever state it is, and one of its number that began at another time is not it", () => {
  for (const state of ["R", "S", "D", "T"]) {
    const { system, holder } = systemWith(process.pid, state, "123")
    expect([system.isHere(holder), system.isGone(holder)]).toEqual([true, false])
    const other = { ...holder, start: "122" }
    expect([system.isHere(other), system.isGone(other)]).toEqual([false, true])
  }
})

it("a process that is dead is gone, though its parent has not asked how it ended", () => {
  for (const state of ["Z", "X"]) {
    const { system, holder } = systemWith(process.pid, state, "123")
    expect([system.isHere(holder), system.isGone(holder)]).toEqual([false, true])
  }
})
