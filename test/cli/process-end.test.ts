import { spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, expect, it } from "vitest"
import { bundle } from "../rig/bundle.ts"
import { folder } from "../rig/folder.ts"

// An interrupted command is waited for where it writes what must not be lost, and not for ever.

let program = ""
beforeAll(async () => {
  program = await bundle("test/rig/ending-worker.ts", path.join(folder("headrace-ending"), "ending-worker.mjs"))
})

const LONG_MILLIS = 600_000

/** How a command ended that was interrupted so many times, and whether it had written its file. */
const interrupted = async (how: string, writingMillis: number, times = 1) => {
  const file = path.join(folder(), "record")
  const child = spawn(process.execPath, [program, file, how, `${writingMillis}`], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  const ended = once(child, "exit")
  for (let time = 0; time < times; time++) {
    await once(child.stdout, "data")
    child.kill("SIGINT")
  }
  const [code] = await ended
  return { code, written: fs.existsSync(file) }
}

it("a record that is being written is waited for", async () => {
  expect(await interrupted("writes", LONG_MILLIS)).toEqual({ code: 130, written: true })
})

it("the twin that does not tell of its writing loses it", async () => {
  expect(await interrupted("does not tell", LONG_MILLIS)).toEqual({ code: 130, written: false })
})

it("a record that never comes to its end is not waited for without end", async () => {
  expect(await interrupted("writes for ever", 500)).toEqual({ code: 130, written: false })
})

it("a second Ctrl-C waits for nothing", async () => {
  expect(await interrupted("writes for ever", LONG_MILLIS, 2)).toEqual({ code: 130, written: false })
})
