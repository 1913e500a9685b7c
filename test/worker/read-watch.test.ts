import * as fs from "node:fs"
import * as path from "node:path"
import { Effect, Layer, ManagedRuntime } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import * as LeaseDisk from "../../cache/lease-disk.ts"
import * as ObjectStoreDisk from "../../cache/object-store-disk.ts"
import * as TraceDisk from "../../cache/trace-disk.ts"
import { Environment } from "../../engine/Environment.ts"
import * as WorkerExecutor from "../../engine/executor-worker.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Results from "../../engine/Results.ts"
import * as Run from "../../engine/Run.ts"
import * as RunEvent from "../../engine/RunEvent.ts"
import * as RunRecord from "../../engine/RunRecord.ts"
import type { Settings } from "../../engine/worker-process.ts"
import { localeOf } from "../../worker/environment.ts"
import { bundle } from "../rig/bundle.ts"
import { folder } from "../rig/folder.ts"
import { layerCode } from "../rig/reading-code.ts"
import { earlyPipelines } from "../rig/reading-early.ts"
import { dating, reading } from "../rig/reading-pipeline.ts"

// What a stage reads and no key holds fails its node by name, in whatever way it reads it.

let program = ""
let start = ""
let input = ""
let outside = ""
beforeAll(async () => {
  const programs = folder("headrace-reading")
  program = await bundle("test/rig/reading-worker.ts", path.join(programs, "worker.mjs"))
  start = await bundle("worker/start.ts", path.join(programs, "start.mjs"))
  const files = folder("headrace-files")
  for (const name of ["input", "outside"]) fs.mkdirSync(path.join(files, name))
  input = path.join(files, "input", "file.txt")
  outside = path.join(files, "outside", "file.txt")
  fs.writeFileSync(input, "input")
  fs.writeFileSync(outside, "outside")
})

const WORLD = { WORD: "hello", SCALE: "100", HOME: "/home/somebody", TZ: "Asia/Tokyo" }

/** Workers that are given the environment as it is: what a stage may read of it is the watch's to say. */
const open = () => {
  const home = folder("headrace-watched")
  const env = ({ locale }: Settings) => ({
    ...process.env,
    ...WORLD,
    ...localeOf(WORLD, locale),
    PIPELINE_HOME: home
  })
  const live = Layer.mergeAll(
    WorkerExecutor.layerWorkerProcess({ start, entry: program, threads: 1, env }),
    ObjectStoreDisk.layerDisk(home),
    TraceDisk.layerDisk(home),
    LeaseDisk.layerDisk(home),
    layerCode,
    RunEvent.layerSilent,
    RunRecord.layerMemory(),
    Results.layerNone
  )
  return { home, runtime: ManagedRuntime.make(live) }
}
let opened: ReturnType<typeof open>
beforeAll(() => {
  opened = open()
})
afterAll(() => opened.runtime.dispose())

const run = async (pipeline: Pipeline.AnyPipeline<unknown, never>, given: Readonly<Record<string, unknown>> = {}) => {
  const record = await opened.runtime.runPromise(
    Effect.flatMap(Pipeline.decodeParams(pipeline, given), (values) => Run.run(pipeline, values, { cores: 1 })).pipe(
      Effect.provideService(Environment, WORLD)
    )
  )
  const [node] = record.nodes
  const object = record.results.text?.stored.parts[0]?.object
  if (object === undefined) return { node, text: null }
  const json = fs.readFileSync(path.join(opened.home, "objects", object.slice(0, 2), object), "utf8")
  return { node, text: (JSON.parse(json) as { readonly text: string }).text }
}
const peek = (way: string, at = "") => run(reading, { file: input, way, at })

describe("a variable of the environment", () => {
  const told = {
    tag: "UndeclaredRead",
    what: "test/rig/reading-pipeline.ts reads the environment variable SCALE, which no key holds",
    expected: "a variable that the stage peek declares",
    fix: 'Add environment: ["SCALE"] (or secrets) to its definition, or make it a parameter.'
  }
  it.each(["variable", "imported", "destructured", "asked", "swallowed"])(
    "that is not declared fails the node: %s",
    async (way) => {
      const { node, text } = await peek(way)
      expect([node?.status, text]).toEqual(["failed", null])
      expect(node?.error).toMatchObject(told)
    }
  )

  it("that a bundled library reads for the stage fails the node", async () => {
    const { node } = await peek("config")
    expect(node?.error?.tag).toBe("UndeclaredRead")
    expect(node?.error?.what).toMatch(/^node_modules\/effect\/\S+ reads the environment variable SCALE/)
  })

  it("that every process has is none that a stage may read", async () => {
    expect((await peek("home")).node?.error?.what).toContain("reads the environment variable HOME,")
  })

  it.each(["listed", "named", "copied"])("that is one of all that are listed fails the node: %s", async (way) => {
    const { node, text } = await peek(way)
    expect([node?.status, text]).toEqual(["failed", null])
    expect(node?.error).toMatchObject({
      tag: "UndeclaredRead",
      what: "test/rig/reading-pipeline.ts lists all variables of the environment, which no key holds",
      expected: "those by name that the stage peek declares"
    })
  })

  it("that is declared is read", async () => {
    expect(await peek("declared")).toMatchObject({ node: { status: "ran" }, text: "hello" })
  })
})

it("dates are those of one time zone, but for a stage that declares it, whatever ran before", async () => {
  const texts = [await peek("dated"), await run(dating), await peek("dated", "again")].map(({ text }) => text)
  expect(texts).toEqual(["2026-01-01T00:00:00.000Z", "2025-12-31T15:00:00.000Z", "2026-01-01T00:00:00.000Z"])
})

describe("a file", () => {
  const ways = [
    "read sync",
    "read by the default export",
    "read in a promise",
    "read in a callback",
    "read as a stream",
    "read through a handle",
    "required",
    "copied and read",
    "linked and read",
    "read by a promisified function",
    "in a folder that it did not make",
    "where it failed to write",
    "appended and read",
    "file system"
  ]
  it.each(ways)("outside of the inputs fails the node, and an input is read: %s", async (way) => {
    const { node } = await peek(way, outside)
    expect([node?.status, node?.error?.tag]).toEqual(["failed", "UndeclaredRead"])
    expect(node?.error).toMatchObject({
      what: expect.stringMatching(/ reads the file .*\/outside\/file\.txt, which no key holds$/),
      expected: "an input of the stage peek, or a file that it wrote itself",
      fix: "Have a source find it and take that as an input, or import it."
    })
    expect(await peek(way)).toMatchObject({ node: { status: "ran" }, text: "input" })
  })

  it("beside an input is none, and a folder is no more to be listed", async () => {
    expect((await peek("read sync", path.join(path.dirname(input), "other.txt"))).node?.error?.tag).toBe(
      "UndeclaredRead"
    )
    expect((await peek("read sync", `${input}/../../outside/file.txt`)).node?.error?.tag).toBe("UndeclaredRead")
    expect((await peek("folder listed", outside)).node?.error?.tag).toBe("UndeclaredRead")
  })

  it("on a disk in memory is none of the system's", async () => {
    const disk = fs.mkdtempSync("/dev/shm/headrace-")
    fs.writeFileSync(path.join(disk, "file.txt"), "outside")
    const { node } = await peek("read sync", path.join(disk, "file.txt"))
    fs.rmSync(disk, { recursive: true })
    expect(node?.error?.tag).toBe("UndeclaredRead")
  })

  it("that the stage made is its own, however it made it", async () => {
    expect(await peek("own files by all ways", path.join(folder("headrace-made"), "at"))).toMatchObject({
      node: { status: "ran", error: null },
      text: "own er own own own own own"
    })
  })

  it.each([
    ["own file", "own"],
    ["system", "system"],
    ["package", "esbuild"]
  ])("that belongs to nobody else is read: %s", async (way, text) => {
    expect(await peek(way)).toMatchObject({ node: { status: "ran", error: null }, text })
  })
})

describe("what no key could hold, clock and chance, fails nothing and is told with the result", () => {
  const where = "in test/rig/reading-pipeline.ts"
  const told = (said: string) => [`it ${said}, so that computed again it may come out otherwise`]
  it.each([
    ["now", `reads the clock ${where}`],
    ["today", `reads the clock ${where}`],
    ["today as text", `reads the clock ${where}`],
    ["measured time", `reads the clock ${where}`],
    ["measured nanoseconds", `reads the clock ${where}`],
    ["clock of Effect", `reads the clock ${where}`],
    ["drawn", `draws chance without a seed ${where}`],
    ["drawn by another's loop", `draws chance without a seed ${where}`],
    ["drawn after many times", `draws chance without a seed ${where} and reads the clock ${where}`],
    ["bytes", `draws chance without a seed ${where}`],
    ["bytes of the web", `draws chance without a seed ${where}`],
    ["id", `draws chance without a seed ${where}`],
    ["chance of Effect", `draws chance without a seed ${where}`]
  ])("%s", async (way, said) => {
    expect((await peek(way)).node).toMatchObject({ status: "ran", told: told(said) })
    // by whoever reuses it too
    expect((await peek(way)).node).toMatchObject({ status: "reused", told: told(said) })
  })

  it.each(["nothing", "dated", "chance that it seeds", "sleep", "declared"])(
    "and nothing is told of a stage that asks for none: %s",
    async (way) => {
      const { node } = await peek(way, "pure")
      expect(node?.status).toBe("ran")
      expect(node?.told ?? []).toEqual([])
    }
  )
})

describe("what is read while the program is loaded", () => {
  const [undeclared, declared, elsewhere] = earlyPipelines
  it("counts for the nodes whose code the file is", async () => {
    expect((await run(undeclared)).node?.error).toMatchObject({
      tag: "UndeclaredRead",
      what: expect.stringMatching(/^test\/rig\/reading-early\.ts reads the environment variable SCALE, /)
    })
    expect((await run(elsewhere)).node).toMatchObject({ status: "ran", error: null })
  })

  it("is allowed where it is declared", async () => {
    expect(await run(declared)).toMatchObject({ node: { status: "ran", error: null }, text: "100 true" })
  })
})
