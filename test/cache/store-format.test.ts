import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { vi } from "vitest"
import * as Disk from "../../cache/disk.ts"
import { Leases } from "../../cache/Lease.ts"
import * as LeaseDisk from "../../cache/lease-disk.ts"
import { VERSION } from "../../cache/Release.ts"
import * as StoreFormat from "../../cache/StoreFormat.ts"
import * as StoreListener from "../../cache/StoreListener.ts"
import { TraceStore } from "../../cache/Trace.ts"
import * as TraceDisk from "../../cache/trace-disk.ts"
import { type RunRecord, RunRecords } from "../../engine/RunRecord.ts"
import * as RunRecordDisk from "../../engine/run-record-disk.ts"
import { folder } from "../rig/folder.ts"
import { traceOf } from "../rig/store-contract.ts"
import { deepJson, strangers } from "../rig/strangers.ts"

/** What happens just before the next file or folder gets its name, as by another process; and why a link is refused. */
const names: { before: (() => void) | null; noLinks: string | null } = vi.hoisted(() => ({
  before: null,
  noLinks: null
}))
vi.mock("node:fs/promises", async (original) => {
  const actual = await original<typeof import("node:fs/promises")>()
  const first = () => {
    const before = names.before
    names.before = null
    before?.()
  }
  const link: typeof actual.link = async (...args) => {
    first()
    if (names.noLinks !== null) throw Object.assign(new Error(), { code: names.noLinks })
    return actual.link(...args)
  }
  const rename: typeof actual.rename = async (...args) => {
    first()
    return actual.rename(...args)
  }
  return { ...actual, link, rename }
})

const { key } = traceOf("s", 1)

/** Does something under a lease of the store. */
const lease = (home: string, held: () => void = () => undefined) =>
  Effect.scoped(
    Effect.flatMap(Leases, (leases) => Effect.map(leases.tryAcquire(key), (got) => (got === null ? null : held())))
  ).pipe(Effect.provide(LeaseDisk.layerDisk(home)))

const record: RunRecord = {
  schema: 1,
  run: "20010101-000000-0000",
  pipeline: "p",
  status: "done",
  started: "2001-01-01T00:00:00Z",
  seconds: 1,
  params: {},
  git: null,
  nodes: [],
  results: {},
  error: null
}
const put = (home: string, left = record) =>
  Effect.provide(
    Effect.flatMap(RunRecords, (records) => records.put(left)),
    RunRecordDisk.layerDisk(home)
  )

const write = (home: string, text: unknown) => {
  fs.mkdirSync(home, { recursive: true })
  fs.writeFileSync(StoreFormat.fileIn(home), typeof text === "string" ? text : JSON.stringify(text))
}
const saidIn = (home: string) => {
  const { sha256: _, ...said } = JSON.parse(fs.readFileSync(StoreFormat.fileIn(home), "utf8"))
  return said
}
const filesIn = (home: string) =>
  fs
    .readdirSync(home, { recursive: true, withFileTypes: true })
    .map((entry) => `${path.join(entry.parentPath, entry.name)} ${entry.isDirectory()}`)
    .sort()

const present = { format: StoreFormat.FORMAT, leastKnown: 2, by: VERSION }
const newer = { format: 4, leastKnown: 3, by: "0.9.0", meaning: "something else" }

it.effect("a store says its format from the first write on, and reading writes nothing", () =>
  Effect.gen(function* () {
    for (const first of [lease, (home: string) => put(home)]) {
      const home = path.join(folder(), "home")
      yield* StoreFormat.check(home)
      expect(fs.existsSync(home)).toBe(false)
      yield* first(home)
      expect(saidIn(home)).toEqual(present)
      yield* StoreFormat.check(home)
    }
  })
)

it.effect(
  "a store of 0.1, which says nothing and whose leases are files, keeps all that it has and says this format",
  () =>
    Effect.gen(function* () {
      const home = folder()
      const kept = ["objects/ab/abcd", `traces/s/${key}.json`, "runs/a.json", "leases/other"]
      for (const file of kept) {
        fs.mkdirSync(path.dirname(path.join(home, file)), { recursive: true })
        fs.writeFileSync(path.join(home, file), `what ${file} holds`)
      }
      yield* StoreFormat.check(home)
      yield* lease(home)
      expect(saidIn(home)).toEqual(present)
      for (const file of kept) expect(fs.readFileSync(path.join(home, file), "utf8")).toBe(`what ${file} holds`)
    })
)

it.effect(
  "a store that says an earlier format is given this one before it is written into, and not when it is read",
  () =>
    Effect.gen(function* () {
      const home = folder()
      const earlier = { format: StoreFormat.FORMAT - 1, leastKnown: 1, by: "0.1.0" }
      write(home, earlier)
      yield* StoreFormat.check(home)
      expect(saidIn(home)).toEqual(earlier)
      yield* put(home)
      expect(saidIn(home)).toEqual(present)
    })
)

it.effect("a newer store is refused by name with the way out, and nothing is written into it", () =>
  Effect.gen(function* () {
    const home = folder()
    write(home, newer)
    const before = filesIn(home)
    const refused = yield* Effect.flip(StoreFormat.check(home))
    expect(refused._tag).toBe("StoreNewer")
    expect(refused.message).toBe(
      `The store ${home} has format 4, which Headrace 0.9.0 gave it; expected format 2 or an earlier one, which Headrace ${VERSION} knows. Use Headrace 0.9.0 or a later one, or let PIPELINE_HOME name another folder. Nothing in the store was read or changed.`
    )
    for (const use of [lease(home), put(home)]) {
      expect(yield* Effect.flip(use)).toMatchObject({ _tag: "StoreFailed", message: refused.message })
    }
    expect(filesIn(home)).toEqual(before)
    expect(saidIn(home)).toEqual(newer)
  })
)

it.effect("a newer format that only adds to what this one knows is used, and stays what it is", () =>
  Effect.gen(function* () {
    const home = folder()
    const adds = { ...newer, leastKnown: StoreFormat.FORMAT }
    write(home, adds)
    yield* lease(home)
    yield* put(home)
    expect(saidIn(home)).toEqual(adds)
  })
)

const damages: Readonly<Record<string, (home: string) => void>> = {
  "an empty file": (home) => write(home, ""),
  "half of it": (home) => write(home, JSON.stringify(present).slice(0, 12)),
  "a format that is no number": (home) => write(home, { ...present, format: "2" }),
  "no format": (home) => write(home, {}),
  "JSON of endless depth": (home) => write(home, deepJson(10_000)),
  ...Object.fromEntries(
    Object.entries(strangers).map(([what, lay]) => [what, (home: string) => lay(StoreFormat.fileIn(home))])
  )
}

/** What a later version left in a store. */
const laters: Readonly<Record<string, (home: string) => Effect.Effect<unknown, unknown>>> = {
  "a record": (home) => put(home, { ...record, by: "0.10.0" }),
  "a record of a version that is no number": (home) => put(home, { ...record, by: "next" }),
  "a trace": (home) =>
    Effect.provide(
      Effect.flatMap(TraceStore, (traces) => traces.put({ ...traceOf("s", 1), by: "1.0.0" })),
      TraceDisk.layerDisk(home)
    ),
  "a folder that this one does not know": (home) =>
    Effect.sync(() => {
      fs.mkdirSync(path.join(home, "later"), { recursive: true })
      fs.writeFileSync(path.join(home, "later", "file"), "")
    })
}

for (const [what, damage] of Object.entries(damages)) {
  it.effect(`${what} in the place of what a store says is refused by name where a later version wrote something`, () =>
    Effect.gen(function* () {
      for (const leave of Object.values(laters)) {
        const home = folder()
        yield* leave(home)
        fs.rmSync(StoreFormat.fileIn(home), { force: true })
        damage(home)
        const before = filesIn(home)
        const refused = yield* Effect.flip(StoreFormat.check(home))
        expect(refused).toMatchObject({
          _tag: "StoreFormatUnknown",
          message: expect.stringMatching(
            /^The format of the store cannot be told: \S+store\.json (is|has) .*; expected .*\. Use the Headrace that wrote (runs\/|traces\/|later\/file)/
          )
        })
        for (const use of [lease(home), put(home)])
          expect(yield* Effect.flip(use)).toMatchObject({ message: refused.message })
        expect(filesIn(home)).toEqual(before)
      }
    })
  )

  it.effect(
    `${what} in the place of what a store says is told and written anew where no later version wrote anything`,
    () =>
      Effect.gen(function* () {
        for (const by of [VERSION, "0.1.9"]) {
          const home = folder()
          yield* put(home, { ...record, by })
          fs.rmSync(StoreFormat.fileIn(home))
          damage(home)
          const before = filesIn(home)
          yield* StoreFormat.check(home)
          expect(filesIn(home)).toEqual(before)
          const told: Array<string> = []
          yield* Effect.provideService(put(home, { ...record, by }), StoreListener.StoreListener, (message) =>
            Effect.sync(() => void told.push(message))
          )
          expect(told).toEqual([expect.stringMatching(/store\.json (is|has) .*: it is made anew\.$/)])
          expect(saidIn(home)).toEqual(present)
          yield* lease(home)
        }
      })
  )
}

it.effect("no flipped bit gives a store another format than it has, nor has it taken for a newer one", () =>
  Effect.gen(function* () {
    for (const said of [present, newer]) {
      const home = folder()
      yield* put(home, { ...record, by: said.by })
      fs.writeFileSync(StoreFormat.fileIn(home), StoreFormat.written(said))
      const whole = fs.readFileSync(StoreFormat.fileIn(home))
      const ends = new Set<string>()
      for (let bit = 0; bit < 8 * whole.length; bit++) {
        const bytes = Buffer.from(whole)
        bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        fs.writeFileSync(StoreFormat.fileIn(home), bytes)
        const read = yield* Effect.either(StoreFormat.read(home))
        ends.add(Either.isRight(read) ? JSON.stringify(read.right) : read.left._tag)
      }
      // a flip in the name of the seal leaves what is said as it was, and one in a space between lines changes nothing
      const expected = said === present ? [JSON.stringify(present), "null"] : ["StoreNewer", "StoreFormatUnknown"]
      expect([...ends].sort()).toEqual(expected.sort())
    }
  })
)

it.effect("a link that leads nowhere is no store's word, and gives way to one", () =>
  Effect.gen(function* () {
    const home = folder()
    fs.symlinkSync(path.join(home, "nowhere"), StoreFormat.fileIn(home))
    yield* put(home)
    expect(saidIn(home)).toEqual(present)
  })
)

it.effect("many that begin a store at once agree on what one of them wrote, and leave nothing beside it", () =>
  Effect.gen(function* () {
    const home = path.join(folder(), "home")
    yield* Effect.all(
      Array.from({ length: 40 }, () => StoreFormat.claim(home)),
      { concurrency: "unbounded" }
    )
    expect(fs.readdirSync(home)).toEqual(["store.json"])
    expect(saidIn(home)).toEqual(present)
  })
)

it.effect(
  "who begins a store in the very moment in which a newer Headrace does is refused, and takes nothing from it",
  () =>
    Effect.gen(function* () {
      const home = folder()
      names.before = () => write(home, newer)
      expect((yield* Effect.flip(lease(home))).message).toContain("has format 4, which Headrace 0.9.0 gave it")
      expect(saidIn(home)).toEqual(newer)
      expect(fs.readdirSync(home)).toEqual(["store.json"])
    })
)

it.effect("the twin that takes the name by a rename replaces the newer one's word", () =>
  Effect.gen(function* () {
    const home = folder()
    names.before = () => write(home, newer)
    yield* Disk.publish(StoreFormat.fileIn(home), new TextEncoder().encode(JSON.stringify(present)))
    expect(saidIn(home)).toEqual(present)
  })
)

it.effect("who takes a lease while a newer Headrace gives the store its format does nothing under it", () =>
  Effect.gen(function* () {
    const home = folder()
    yield* put(home)
    let worked = false
    names.before = () => write(home, newer)
    const refused = yield* Effect.flip(
      lease(home, () => {
        worked = true
      })
    )
    expect([worked, refused.message]).toEqual([false, expect.stringContaining("has format 4")])
    expect(fs.readdirSync(path.join(home, "leases"))).toEqual([])
  })
)

it.effect("where the file system has no links a store says its format all the same", () =>
  Effect.gen(function* () {
    const home = folder()
    names.noLinks = "EPERM"
    yield* put(home)
    names.noLinks = null
    expect(saidIn(home)).toEqual(present)
    expect(fs.readdirSync(home).sort()).toEqual(["runs", "store.json"])
  })
)
