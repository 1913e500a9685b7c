import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { documentOf, flip, layRecord, pipeline, rig, warnings } from "../rig/cli.ts"
import { folder } from "../rig/folder.ts"

// A run is found by its id however many came after it, and whatever lies beside its record.

const record = (run: string) => ({
  schema: 1,
  run,
  pipeline: "simple-cnn",
  status: "done",
  started: "2026-11-01T00:00:00.000Z",
  seconds: 1,
  params: {},
  nodes: [],
  error: null,
  results: {}
})
const digits = (number: number) => String(number).padStart(4, "0")
const OLD = "20261101-000000-0000aaaa"
const MANY = Array.from({ length: 210 }, (_, at) => `20261102-00${digits(at)}-0000bbbb`)
const UNREADABLE = Array.from({ length: 260 }, (_, at) => `20261103-00${digits(at)}-0000cccc`)
const AHEAD = "20991231-235959-0000dddd"

describe("among many records", () => {
  const at = rig({ home: folder("headrace-many") })
  const write = (run: string, text: string) => {
    const file = path.join(at.home, "runs", `${run}.json`)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, text)
  }
  for (const run of [OLD, ...MANY, AHEAD]) write(run, JSON.stringify(record(run)))
  for (const run of UNREADABLE) write(run, "{")
  const ask = async (...args: ReadonlyArray<string>) => documentOf(await pipeline(at, ...args, "--json"))

  it("the oldest is reported on, by its id and by the beginning of it", async () => {
    for (const name of [OLD, "20261101"])
      expect(await ask("report", name)).toMatchObject({ status: "done", run: OLD, runStatus: "done" })
  })

  it("a result of the oldest is looked for in it", async () => {
    expect((await ask("inspect", `${OLD}/model`)).error).toMatchObject({
      what: `There is nothing called "${OLD}/model"`
    })
    expect((await ask("inspect", "20261100/model")).error).toMatchObject({ what: 'No run of "20261100" is kept' })
  })

  it("one whose record cannot be read is named as that", async () => {
    expect((await ask("report", UNREADABLE[7] ?? "")).error).toMatchObject({
      tag: "RecordUnreadable",
      what: `The record of run ${UNREADABLE[7]} cannot be read: its bytes were damaged`
    })
  })

  it("a pipeline's name means its newest that can be read and is not dated in the future", async () => {
    expect(await ask("report", "simple-cnn")).toMatchObject({ run: MANY.at(-1) })
    expect(await ask("report", AHEAD)).toMatchObject({ run: AHEAD })
  })
})

describe("a record of which one bit was flipped", () => {
  const at = rig({ home: folder("headrace-flipped") })
  const [older = "", damaged = "", newest = ""] = MANY
  const records = [older, damaged, newest].map((run) => layRecord(at, { ...record(run), by: "0.2.0" }))
  flip(records[1] ?? "")
  const told = `The record of run ${damaged} cannot be read: its bytes were damaged; expected`

  it("is a row of the list, and an entry of its document", async () => {
    const { stdout, stderr } = await pipeline(at, "list")
    expect(stdout).toMatch(new RegExp(`^${newest} .* done .*\\n${damaged} +unreadable\\s*\\n${older} .* done `, "m"))
    expect(warnings(stderr)).toEqual([expect.stringContaining(told)])
    const { unreadable } = JSON.parse((await pipeline(at, "list", "--json")).stdout)
    expect(unreadable).toEqual([
      { run: damaged, file: records[1], error: expect.objectContaining({ tag: "RecordUnreadable" }) }
    ])
    expect(JSON.parse((await pipeline(at, "list", "simple-cnn", "--json")).stdout).unreadable).toEqual(unreadable)
  })

  it.each([
    ["report", damaged],
    ["compare", newest, damaged],
    ["inspect", `${damaged}/model`],
    ["export", `${damaged}/model`, "--to", path.join(at.home, "model")]
  ])("is refused by %s where it is named", async (...line) => {
    const { code, stderr, stdout } = await pipeline(at, ...line)
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" })
    expect(stderr).toContain(`error: ${told}`)
  })

  it.each([
    ["compare", "simple-cnn", "--last", "3"],
    ["inspect", "simple-cnn/model"],
    ["list", "simple-cnn"]
  ])("is told of by %s where a pipeline is named whose runs are gone through", async (...line) => {
    const { stderr } = await pipeline(at, ...line)
    expect(warnings(stderr)).toEqual([expect.stringContaining(told)])
  })

  it("is told of where it is the newest, and another is shown in its place", async () => {
    flip(records[2] ?? "")
    const { code, stdout, stderr } = await pipeline(at, "report", "simple-cnn")
    expect(stdout).toContain(`report of run ${older}`)
    expect(code).toBe(0)
    expect(warnings(stderr)[0]).toContain(`2 records of runs cannot be read and are left out, ${newest}, ${damaged}.`)
  })
})
