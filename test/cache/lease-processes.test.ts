import { spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as path from "node:path"
import { text } from "node:stream/consumers"
import { beforeAll, expect, it } from "vitest"
import { bundle } from "../rig/bundle.ts"
import { folder } from "../rig/folder.ts"
import { traceOf } from "../rig/store-contract.ts"

let program = ""
beforeAll(async () => {
  program = await bundle("test/rig/lease-worker.ts", path.join(folder("headrace-lease"), "lease-worker.mjs"))
})

it("processes that contend for a lease, of which some are killed holding it, never hold it together", async () => {
  const home = folder()
  const { key } = traceOf("s", 1)
  const worker = async (times: number, how = "lives") => {
    const child = spawn(process.execPath, [program, home, key, `${times}`, how], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    const [printed, [, signal]] = await Promise.all([text(child.stdout), once(child, "exit")])
    return signal === null ? JSON.parse(printed) : signal
  }
  const ended = await Promise.all([worker(40), worker(40), worker(40), worker(5, "dies"), worker(10, "dies")])
  expect(ended).toEqual([...Array.from({ length: 3 }, () => ({ alone: 40, together: 0 })), "SIGKILL", "SIGKILL"])
  // the last that was killed may have been the last at all
  expect(fs.readdirSync(path.join(home, "leases")).filter((name) => name !== key)).toEqual([])
})
