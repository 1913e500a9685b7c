import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as Contents from "../../cache/Contents.ts"
import { folder } from "../rig/folder.ts"

const digest = "ab".repeat(32)

it("a file's place in the store tells what it is", () => {
  const found: Readonly<Record<string, string>> = {
    "store.json": "Format",
    [`objects/ab/${digest}`]: "Object",
    [`traces/train/${digest}.json`]: "Trace",
    [`traces/train.state/${digest}.json`]: "Trace",
    [`traces/train/chunks/${digest}.json`]: "ChunkTrace",
    [`traces/train/printed/${digest}.txt`]: "Printed",
    "runs/2026-01-01T00-00-00-000Z-abcd.json": "Record",
    "sweeps/2026-01-01T00-00-00-000Z-abcd.json": "Record",
    "runs/2026-01-01T00-00-00-000Z-abcd.html": "Page",
    "accepted/0123456789ab.json": "Acceptance",
    [`uploads/${digest}.trace.json`]: "Upload",
    [`leases/${digest}/token`]: "Lease",
    "downloads/cifar-10.tar.gz": "Download",
    "sources/editions.json": "Source",
    [`sources/files/${digest}/images/a.png`]: "Source",
    "build/0123456789abcdef/cli.cjs": "Build",
    "using/0123456789abcdef/keys": "Using",
    "pins/20260101-000000-000abcd.json": "Pin",
    "gc/size.log": "Ledger",
    [`quarantine/2026-01-01T00-00-00.000Z/objects/ab/${digest}`]: "Quarantined",
    "objects/ab/.tmp-12-0123": "Unfinished",
    "sources/files/.tmp-12-0123/images/a.png": "Unfinished",
    ".tmp-12-0123": "Unfinished"
  }
  for (const [name, tag] of Object.entries(found)) expect([name, Contents.contentOf(name)._tag]).toEqual([name, tag])
})

it("what has no place there is a stranger", () => {
  for (const name of [
    "notes.txt",
    "objects/notes.txt",
    `objects/ac/${digest}`,
    `objects/ab/deeper/${digest}`,
    `objects/${digest}/${digest}`,
    "traces/train.json",
    "traces/train/key.json",
    `traces/train/${digest}.txt`,
    `traces/train/others/${digest}.json`,
    `traces/train/chunks/deeper/${digest}.json`,
    "runs/notes.txt",
    "runs/deeper/run.json",
    "constructor/x",
    "bench/remote.json"
  ])
    expect([name, Contents.contentOf(name)]).toEqual([name, { _tag: "Stranger" }])
})

it.effect("a walk gives every file of a store once, with its length, and follows no link", () =>
  Effect.gen(function* () {
    const home = folder("headrace-contents")
    const names = [`objects/ab/${digest}`, `traces/train/${digest}.json`, "runs/one.json", "store.json"]
    for (const [length, name] of names.entries()) {
      fs.mkdirSync(path.dirname(path.join(home, name)), { recursive: true })
      fs.writeFileSync(path.join(home, name), "x".repeat(length))
    }
    fs.symlinkSync(home, path.join(home, "objects", "around"))
    fs.symlinkSync(path.join(home, "store.json"), path.join(home, "objects", "ab", "cd".repeat(32)))
    const found = new Map<string, Contents.Lying>()
    yield* Contents.walk(home, (lying) =>
      Effect.sync(() => {
        for (const one of lying) {
          expect(found.has(one.file)).toBe(false)
          found.set(path.relative(home, one.file), one)
        }
      })
    )
    expect([...found.keys()].sort()).toEqual([...names, "objects/around", `objects/ab/${"cd".repeat(32)}`].sort())
    for (const [length, name] of names.entries()) expect(found.get(name)).toMatchObject({ bytes: length, names: 1 })
    for (const link of ["objects/around", `objects/ab/${"cd".repeat(32)}`])
      expect(found.get(link)?.content).toEqual({ _tag: "Stranger" })
  })
)

it.live("a walk lets timers have their turn between folders, and ends where it is interrupted", () =>
  Effect.gen(function* () {
    const home = folder("headrace-contents")
    const folders = 2000
    for (let at = 0; at < folders; at++) {
      const name = path.join(home, "downloads", `${at}`)
      fs.mkdirSync(name, { recursive: true })
      fs.writeFileSync(path.join(name, "file"), "")
    }
    let visited = 0
    const count = Effect.sync(() => {
      visited += 1
    })
    const walk = yield* Effect.fork(Contents.walk(home, () => count))
    yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 0)))
    yield* Fiber.interrupt(walk)
    expect(visited).toBeLessThan(folders)
  })
)

it.effect("a store that is not there has nothing in it", () =>
  Contents.walk(path.join(folder("headrace-contents"), "none"), () => Effect.die("nothing was to be found"))
)
