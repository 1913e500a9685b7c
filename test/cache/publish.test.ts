import { spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as path from "node:path"
import { Effect } from "effect"
import { beforeAll, expect, it } from "vitest"
import { tidy } from "../../cache/tidy.ts"
import * as Unfinished from "../../cache/unfinished.ts"
import { RunRecords } from "../../engine/RunRecord.ts"
import * as RunRecordDisk from "../../engine/run-record-disk.ts"
import { bundle } from "../rig/bundle.ts"
import { folder } from "../rig/folder.ts"

// Nothing partial has a name: seen by a reader that looks all the time while the writer is killed.

let program = ""
beforeAll(async () => {
  program = await bundle("test/rig/publish-worker.ts", path.join(folder("headrace-publish"), "publish-worker.mjs"))
})

const BYTES = 128 * 1024 * 1024
/** Beside what is published a store has small files, such as its own word. */
const LARGE = 1024
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
    for (const { name, size } of files) if (size > 0 && !Unfinished.is(name)) seen.add(size)
    return Math.max(0, ...files.map(({ size }) => size))
  }
  while (writer.exitCode === null && writer.signalCode === null) {
    if (look() >= killAt) writer.kill("SIGKILL")
    await new Promise((resolve) => setImmediate(resolve))
  }
  await ended
  look()
  await Effect.runPromise(tidy(home))
  return { home, sizes: [...seen].filter((size) => size >= LARGE), left: filesOf(home).map(({ name }) => name) }
}

const moments = [1, BYTES / 4, BYTES / 2, BYTES]

it("a process that is killed while it publishes an object leaves none, or a whole one, and nothing beside it for long", async () => {
  for (const killAt of moments) {
    const { sizes, left } = await seenOf("object", killAt)
    expect(sizes.filter((size) => size !== BYTES)).toEqual([])
    expect(left.filter((name) => !/^[0-9a-f]{64}$/.test(name))).toEqual([])
  }
})

it("a process that is killed while it writes a run's record leaves none, or one that can be read", async () => {
  for (const killAt of moments) {
    const { home, left } = await seenOf("record", killAt)
    const { listed, unreadable } = await Effect.runPromise(
      Effect.flatMap(RunRecords, (records) =>
        Effect.map(records.list, (listed) => ({ listed, unreadable: records.unreadable }))
      ).pipe(Effect.provide(RunRecordDisk.layerDisk(home)))
    )
    expect(await Effect.runPromise(unreadable)).toEqual([])
    for (const { params } of listed) expect(params.text).toHaveLength(BYTES)
    expect(left.filter(Unfinished.is)).toEqual([])
  }
})

it("a process that is killed while it writes a report leaves none, or a whole one", async () => {
  for (const killAt of moments) {
    const { sizes, left } = await seenOf("report", killAt)
    expect(sizes.filter((size) => size !== BYTES)).toEqual([])
    expect(left.filter(Unfinished.is)).toEqual([])
  }
})

it("the twin that writes under the object's name is seen half-way", async () => {
  const { sizes } = await seenOf("in place", BYTES / 4)
  expect(sizes.some((size) => size !== BYTES)).toBe(true)
})
