import { spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import { expect, it, vi } from "vitest"
import { here } from "../../cache/lease-holder.ts"
import { PATIENCE_MILLIS } from "../rig/patience.ts"

it.runIf(process.platform === "linux")(
  "a process that is dead is gone, though its parent has not asked how it ended",
  async () => {
    // the shell gives way to a program that asks for no child of its own
    const parent = spawn("sh", ["-c", "sleep 0.2 & echo $!; exec sleep 600"])
    const [told] = await once(parent.stdout, "data")
    const pid = Number(String(told).trim())
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "latin1")
    const start = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""
    const holder = { host: here.host, pid, start }
    try {
      expect(here.isGone({ ...holder, pid: parent.pid ?? 0, start: "1" })).toBe(true)
      await vi.waitFor(() => expect(fs.readFileSync(`/proc/${pid}/stat`, "latin1")).toContain(") Z "), PATIENCE_MILLIS)
      expect(here.isGone(holder)).toBe(true)
      expect(here.isHere(holder)).toBe(false)
    } finally {
      parent.kill("SIGKILL")
    }
  }
)
