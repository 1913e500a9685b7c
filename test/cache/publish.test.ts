import { spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as path from "node:path"
import { Effect } from "effect"
import { beforeAll, expect, it } from "vitest"
import { tidy } from "../../cache/tidy.ts"
import { bundle } from "../rig/bundle.ts"
import { folder } from "../rig/folder.ts"

// Nothing partial has a name: seen by a reader that looks all the time while the writer is killed.

let program = ""
beforeAll(async () => {
  program = await bundle("test/rig/publish-worker.ts", path.join(folder("headrace-publish"), "publish-worker.mjs"))
})

const BYTES = 128 * 1024 * 1024
/** Nothing where the file has been renamed since it was listed. */
const sizeOf = (file: string): number => fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0
const filesOf = (home: string) =>
  fs
    .readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => ({ name, size: sizeOf(path.join(parentPath, name)) }))

/**
 * Kills a writer once so many bytes lie anywhere; what a reader then and before saw of the object, by size, and the names that
 * the next command leaves.
 */
const seenOf = async (how: string, killAt: number) => {
  const home = folder()
  const writer = spawn(process.execPath, [program, home, how], { stdio: "inherit" })
  const ended = once(writer, "exit")
  const seen = new Set<number>()
  const look = () => {
    const files = filesOf(home)
    for (const { name, size } of files) if (size > 0 && /^[0-9a-f]{64}$/.test(name)) seen.add(size)
    return Math.max(0, ...files.map(({ size }) => size))
  }
  while (writer.exitCode === null && writer.signalCode === null) {
    if (look() >= killAt) writer.kill("SIGKILL")
    await new Promise((resolve) => setImmediate(resolve))
  }
  await ended
  look()
  await Effect.runPromise(tidy(home))
  return { sizes: [...seen], left: filesOf(home).map(({ name }) => name) }
}

const moments = [1, BYTES / 4, BYTES / 2, BYTES]

it("a process that is killed while it publishes an object leaves none, or a whole one, and nothing beside it for long", async () => {
  for (const killAt of moments) {
    const { sizes, left } = await seenOf("aside", killAt)
    expect(sizes.filter((size) => size !== BYTES)).toEqual([])
    expect(left.filter((name) => !/^[0-9a-f]{64}$/.test(name))).toEqual([])
  }
})

it("the twin that writes under the object's name is seen half-way", async () => {
  const { sizes } = await seenOf("in place", BYTES / 4)
  expect(sizes.some((size) => size !== BYTES)).toBe(true)
})
