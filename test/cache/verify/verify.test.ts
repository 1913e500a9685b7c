import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, TestClock } from "effect"
import { beforeEach } from "vitest"
import * as Digest from "../../../artifacts/Digest.ts"
import type { Key } from "../../../cache/Key.ts"
import { Leases } from "../../../cache/Lease.ts"
import * as Pins from "../../../cache/Pins.ts"
import * as BlobsMemory from "../../../cache/remote/blobs-memory.ts"
import * as Seal from "../../../cache/Seal.ts"
import type { Trace } from "../../../cache/Trace.ts"
import { exitCode, type Finding, nodesOf } from "../../../cache/verify/Finding.ts"
import * as Repair from "../../../cache/verify/Repair.ts"
import * as Sample from "../../../cache/verify/Sample.ts"
import { machine } from "../../rig/machines.ts"
import { FOLDERS, noteAll } from "../../rig/notes.ts"
import * as Toys from "../../rig/toys.ts"
import { DAMAGES, flipped, overwrite, silent, verifying } from "../../rig/verifying.ts"
import { resetWorld, world } from "../../rig/walking.ts"

beforeEach(() => {
  Toys.lists.clear()
  Toys.lists.set(
    "a",
    Array.from({ length: 8000 }, (_, at) => at)
  )
  Toys.resetCounts()
  resetWorld()
})

const faults = (findings: ReadonlyArray<Finding>) => findings.map(({ fault, what, name }) => [fault, what, name])
const ran = () => ({ stages: Object.fromEntries(Toys.counts.runs), rows: Toys.counts.rows.get("double") ?? 0 })

/** The trace of a stage that has one, and its file. */
const traceOf = ({ files }: ReturnType<typeof verifying>, stage: string) => {
  const [file = ""] = files(`traces/${stage}`).filter((each) => path.basename(path.dirname(each)) === stage)
  return { file, trace: JSON.parse(Seal.open(fs.readFileSync(file, "utf8")) ?? "null") as Trace }
}
const objectsOf = (home: string, trace: Trace) =>
  Object.values(trace.outputs).flatMap(({ parts }) =>
    parts.map(({ object, rows }) => ({ object, rows, file: path.join(home, "objects", object.slice(0, 2), object) }))
  )

/** Writes a trace that is sealed, and says something else. */
const retell = (file: string, trace: unknown) => overwrite(file, Seal.bytesOf(JSON.stringify(trace)))

it.effect("a store that runs have filled is found as it was written", () =>
  Effect.gen(function* () {
    const { run, walk, verify, files } = verifying()
    yield* run()
    yield* walk()
    const { findings, checked, notKept } = yield* verify()
    expect(findings).toEqual([])
    expect(notKept).toEqual({ objects: 0, bytes: 0, makers: [] })
    expect(checked).toEqual({
      objects: files("objects").length,
      bytes: files("objects").reduce((sum, file) => sum + fs.statSync(file).size, 0),
      traces: files("traces").filter((file) => file.endsWith(".json")).length,
      records: 2,
      notes: 0
    })
    expect(checked.objects).toBeGreaterThan(5)
  })
)

it.effect("a store that is not there has nothing wrong with it", () =>
  Effect.gen(function* () {
    const { findings, checked } = yield* verifying().verify()
    expect([findings, checked]).toEqual([[], { objects: 0, bytes: 0, traces: 0, records: 0, notes: 0 }])
  })
)

/** The damages that a way of verifying does not find, of every file in some folders and every damage. */
const unfound = (
  { home, files }: ReturnType<typeof verifying>,
  folders: ReadonlyArray<string>,
  find: Effect.Effect<ReadonlyArray<Pick<Finding, "file" | "fault">>>
) =>
  Effect.gen(function* () {
    const missed: Array<string> = []
    for (const file of files(...folders).filter((each) => !each.endsWith(".txt"))) {
      const whole = fs.readFileSync(file)
      for (const [how, damage] of Object.entries(DAMAGES)) {
        overwrite(file, damage(whole))
        const found = (yield* find).filter((finding) => finding.file === file)
        if (found.length !== 1 || found[0]?.fault !== "corrupt") missed.push(`${path.relative(home, file)} ${how}`)
      }
      overwrite(file, whole)
    }
    return missed
  })

it.effect("every object and trace that is cut, emptied or overwritten is found, and nothing else", () =>
  Effect.gen(function* () {
    Toys.lists.set("a", [1, 2, 3])
    const store = verifying()
    yield* store.run()
    yield* store.walk({ steps: 2 })
    const verify = Effect.map(store.verify(), ({ findings }) => findings)
    expect(yield* unfound(store, ["objects", "traces"], verify)).toEqual([])
    expect(yield* verify).toEqual([])
  })
)

it.effect("the same catches a twin that hashes nothing, and compares lengths alone", () =>
  Effect.gen(function* () {
    Toys.lists.set("a", [1, 2, 3])
    const store = verifying()
    yield* store.run()
    const lengths = new Map(store.files("objects").map((file) => [file, fs.statSync(file).size]))
    const twin = Effect.sync(() =>
      [...lengths]
        .filter(([file, length]) => fs.statSync(file).size !== length)
        .map(([file]) => ({ file, fault: "corrupt" as const }))
    )
    const missed = yield* unfound(store, ["objects"], twin)
    expect(missed.length).toBe(2 * lengths.size)
    expect(missed.every((each) => each.includes("filled with"))).toBe(true)
  })
)

it.effect("what is no file in an object's place is found", () =>
  Effect.gen(function* () {
    const store = verifying()
    yield* store.run()
    const [first = "", second = ""] = store.files("objects")
    fs.rmSync(first)
    fs.mkdirSync(first)
    fs.rmSync(second)
    fs.symlinkSync(second, second)
    const { findings } = yield* store.verify()
    expect(faults(findings).sort()).toEqual(
      [
        ["corrupt", "object", path.basename(first)],
        ["unreadable", "object", path.basename(second)]
      ].sort()
    )
    expect(findings.map(({ found }) => found).sort()).toEqual([
      "its file can't be read (ELOOP)",
      "its file is a folder"
    ])
    expect(exitCode(findings)).toBe(5)
    expect((yield* store.repair(findings)).map(({ _tag }) => _tag)).toEqual(["Quarantined", "Quarantined"])
    expect((yield* store.verify()).findings).toEqual([])
  })
)

it.effect("a trace that is sealed and says what is not so is found", () =>
  Effect.gen(function* () {
    const store = verifying()
    yield* store.run()
    const { file, trace } = traceOf(store, "double")
    const whole = fs.readFileSync(file)
    const doubled = trace.outputs.doubled
    const [first, ...others] = doubled?.parts ?? []
    const other = Digest.ofBytes("other")
    const withPart = (change: object) => ({
      ...trace,
      outputs: { doubled: { ...doubled, parts: [{ ...first, ...change }, ...others] } }
    })
    const withHeader = (change: object) => ({
      ...trace,
      outputs: { doubled: { ...doubled, header: { shapes: { value: [1] }, metadata: {}, ...change } } }
    })
    const lies: ReadonlyArray<readonly [string, unknown, RegExp]> = [
      ["corrupt", { ...trace, key: other }, /another key/],
      ["corrupt", { ...trace, text: { ...trace.text, params: { failAt: 7 } } }, /not that of the text/],
      ["corrupt", { ...trace, text: { ...trace.text, stage: "other" } }, /another key/],
      ["unreadable", { ...trace, seconds: "long" }, /seconds/],
      ["unreadable", withPart({ rows: 1 }), /names chunks of/],
      ["unreadable", withPart({ bytes: 1 }), /bytes, and names/],
      ["unreadable", withHeader({ shapes: { value: [2] } }), /of which/],
      ["unreadable", withHeader({ shapes: 1 }), /columns/]
    ]
    for (const [fault, lie, says] of lies) {
      retell(file, lie)
      const { findings } = yield* store.verify()
      expect(faults(findings)).toEqual([[fault, "trace", `double/${path.basename(file, ".json")}`]])
      expect(findings[0]?.found).toMatch(says)
    }
    overwrite(file, whole)
    expect((yield* store.verify()).findings).toEqual([])
  })
)

it.effect(
  "rows are left to whoever reads them: a sealed trace with another content than its table's is found there, and written anew",
  () =>
    Effect.gen(function* () {
      const store = verifying()
      yield* store.run()
      const { file, trace } = traceOf(store, "double")
      const doubled = trace.outputs.doubled
      const [first, ...others] = doubled?.parts ?? []
      const parts = [{ ...first, content: Digest.ofBytes("other") }, ...others]
      retell(file, { ...trace, outputs: { doubled: { ...doubled, parts } } })
      expect((yield* store.verify()).findings).toEqual([])
      fs.rmSync(traceOf(store, "sum").file)
      const { status, nodes } = yield* store.run()
      expect([status, nodes.filter((one) => one.status === "ran").map(({ node }) => node)]).toEqual([
        "done",
        ["double", "sum"]
      ])
      expect(traceOf(store, "double").trace.outputs).toEqual(trace.outputs)
    })
)

it.effect("a state that is whole and no state is found", () =>
  Effect.gen(function* () {
    const store = verifying()
    yield* store.walk()
    const { file, trace } = traceOf(store, "walk.state")
    const bytes = Buffer.from("no state")
    const object = Digest.ofBytes(bytes)
    fs.mkdirSync(path.join(store.home, "objects", object.slice(0, 2)), { recursive: true })
    fs.writeFileSync(path.join(store.home, "objects", object.slice(0, 2), object), bytes)
    const state = trace.outputs.state
    const [part] = state?.parts ?? []
    const parts = [{ ...part, object, bytes: bytes.length }]
    retell(file, { ...trace, outputs: { state: { ...state, bytes: bytes.length, parts } } })
    const { findings } = yield* store.verify()
    expect(faults(findings)).toEqual([["unreadable", "trace", `walk.state/${path.basename(file, ".json")}`]])
    expect(findings[0]?.found).toContain("its header is cut off")
    yield* store.repair(findings)
    expect((yield* store.verify()).findings).toEqual([])
  })
)

it.effect("a damaged record is found, and one of another run", () =>
  Effect.gen(function* () {
    const store = verifying()
    const { run } = yield* store.run()
    const [file = ""] = store.files("runs")
    const whole = fs.readFileSync(file)
    overwrite(file, whole.subarray(0, -20))
    expect(faults((yield* store.verify()).findings)).toEqual([["corrupt", "record", run]])
    overwrite(file, whole)
    fs.copyFileSync(file, path.join(path.dirname(file), "20990101-000000-000-abcd.json"))
    const { findings } = yield* store.verify()
    expect(faults(findings)).toEqual([["corrupt", "record", "20990101-000000-000-abcd"]])
    yield* store.repair(findings)
    expect((yield* store.verify()).findings).toEqual([])
    expect(fs.existsSync(file)).toBe(true)
  })
)

it.effect(
  "whatever is noted and damaged is found, with what is lost with it, and put aside where nothing goes by its name",
  () =>
    Effect.gen(function* () {
      const store = verifying()
      const { run } = yield* store.run()
      yield* noteAll(store.home, run)
      const sound = yield* store.verify()
      expect([sound.findings, sound.checked.notes]).toEqual([[], 10])
      const files = [...store.files(...FOLDERS), ...store.files("traces").filter((file) => file.endsWith(".txt"))]
      for (const file of files) overwrite(file, flipped(fs.readFileSync(file), 5))
      const { findings } = yield* store.verify()
      expect(findings.map(({ what, fault }) => [what, fault]).sort()).toEqual(
        [
          "acceptance",
          "lease",
          "mark of a command",
          "marks of a run",
          "memory of removals",
          "note of a run",
          "pin",
          "printed text",
          "remembered digests",
          "upload note"
        ].map((what) => [what, "corrupt"])
      )
      expect(findings.every(({ loss }) => (loss ?? "").length > 20)).toBe(true)
      const repairs = yield* Effect.forEach(
        findings.filter(({ what }) => what !== "lease"),
        (finding) => Effect.map(store.repair([finding]), ([repair]) => [finding.what, repair?._tag] as const)
      )
      expect(Object.fromEntries(repairs)).toEqual({
        acceptance: "Quarantined",
        "mark of a command": "Left",
        "marks of a run": "Quarantined",
        "memory of removals": "Quarantined",
        "note of a run": "Quarantined",
        pin: "Rewritten",
        "printed text": "Quarantined",
        "remembered digests": "Quarantined",
        "upload note": "Quarantined"
      })
      expect((yield* store.verify()).findings.map(({ what }) => what).sort()).toEqual(["lease", "mark of a command"])
    })
)

it.effect("a damaged pin keeps what its run made, by the run's record, while it is mended and after", () =>
  Effect.gen(function* () {
    const store = verifying()
    const { run, nodes } = yield* store.run()
    yield* noteAll(store.home, run)
    const file = path.join(store.home, "pins", `${run}.json`)
    overwrite(file, new Uint8Array(3))
    const [repair] = yield* store.repair((yield* store.verify()).findings)
    expect(repair).toMatchObject({ _tag: "Rewritten" })
    const [pin] = yield* Pins.list(store.home)
    const keys = nodes.flatMap(({ key }) => (key === null ? [] : [key]))
    expect(pin).toMatchObject({ subject: { _tag: "Run", run }, content: { label: "toy", keys: [...new Set(keys)] } })
  })
)

it.effect("a damaged lease is left to its holder, and is gone once whoever waits has taken it over", () =>
  Effect.gen(function* () {
    const store = verifying()
    const { run } = yield* store.run()
    yield* noteAll(store.home, run)
    const [file = ""] = store.files("leases")
    overwrite(file, flipped(fs.readFileSync(file), 5))
    const [finding] = (yield* store.verify()).findings
    if (finding === undefined) return expect.fail("nothing was found")
    const repair = (acquire: Effect.Effect<void>) =>
      Repair.repair(store.home, path.join(store.home, "quarantine", "now"), finding).pipe(
        Effect.provideService(Leases, { tryAcquire: () => Effect.succeed(null), acquire: () => acquire }),
        Effect.provide(store.stores)
      )
    const held = yield* Effect.fork(repair(Effect.never))
    yield* TestClock.adjust("1 minute")
    expect(yield* Fiber.join(held)).toEqual({ _tag: "InUse" })
    expect(yield* repair(Effect.void)).toEqual({ _tag: "Gone" })
    expect(store.files("quarantine")).toEqual([])
  })
)

it.effect("what is damaged costs what its nodes took, a chunk its part of that", () =>
  Effect.gen(function* () {
    const store = verifying()
    yield* store.run()
    const { trace } = traceOf(store, "double")
    const seconds = 8
    retell(traceOf(store, "double").file, { ...trace, seconds })
    const [first, second] = objectsOf(store.home, trace)
    const chunks = objectsOf(store.home, trace).length
    expect(chunks).toBeGreaterThan(2)
    for (const one of [first, second]) overwrite(one?.file ?? "", new Uint8Array(3))
    const { findings } = yield* store.verify()
    expect(findings.map(({ makers }) => makers.map(({ node, share }) => [node, share]))).toEqual([
      [["double", seconds / chunks]],
      [["double", seconds / chunks]]
    ])
    expect(nodesOf(findings)).toMatchObject([
      { pipeline: "toy", node: "double", seconds, share: (2 * seconds) / chunks }
    ])
  })
)

it.effect("the cost of a damaged trace is told by the record of the run that computed it", () =>
  Effect.gen(function* () {
    const store = verifying()
    const record = yield* store.run()
    yield* store.run()
    overwrite(traceOf(store, "sum").file, new Uint8Array(3))
    const took = record.nodes.find(({ node }) => node === "sum")?.seconds
    const { findings } = yield* store.verify()
    expect(findings.map(({ makers }) => makers)).toMatchObject([[{ pipeline: "toy", node: "sum", seconds: took }]])
  })
)

it.effect("repair puts a damaged chunk aside, and the next run computes its rows alone", () =>
  Effect.gen(function* () {
    const store = verifying()
    const before = yield* store.run()
    const { trace } = traceOf(store, "double")
    const damaged = objectsOf(store.home, trace)[1]
    overwrite(damaged?.file ?? "", Buffer.from("garbage"))
    // what needs the table is computed anew
    const summed = traceOf(store, "sum").file
    overwrite(summed, Buffer.from("garbage"))

    const { findings } = yield* store.verify()
    expect(faults(findings).sort()).toEqual([
      ["corrupt", "object", damaged?.object],
      ["corrupt", "trace", `sum/${path.basename(summed, ".json")}`]
    ])
    const repairs = yield* store.repair(findings)
    for (const repair of repairs) {
      expect(repair._tag).toBe("Quarantined")
      if (repair._tag === "Quarantined") expect(fs.readFileSync(repair.to, "utf8")).toBe("garbage")
    }
    const after = yield* store.verify()
    expect(after.findings).toEqual([])
    expect(after.quarantine).toEqual({ files: 2, bytes: 2 * "garbage".length })
    expect(after.notKept).toMatchObject({ objects: 1 })

    Toys.resetCounts()
    const again = yield* store.run()
    expect(ran()).toEqual({ stages: { double: 1, sum: 1 }, rows: damaged?.rows })
    expect(Toys.contents(again)).toEqual(Toys.contents(before))
    expect((yield* store.verify()).notKept.objects).toBe(0)
  })
)

it.effect("a damaged result is computed again by the next run, and nothing else", () =>
  Effect.gen(function* () {
    const store = verifying()
    yield* store.run()
    const [part] = objectsOf(store.home, traceOf(store, "describe").trace)
    overwrite(part?.file ?? "", Buffer.from("{}"))
    yield* store.repair((yield* store.verify()).findings)
    // it is not there, and known to have been put aside
    expect((yield* store.verify()).findings).toEqual([])
    Toys.resetCounts()
    yield* store.run()
    // the sum is the same object
    expect(ran()).toEqual({ stages: { sum: 1 }, rows: 0 })
    expect((yield* store.verify()).notKept.objects).toBe(0)
  })
)

it.effect("a damaged state is put aside, and the next training goes on from the beginning", () =>
  Effect.gen(function* () {
    const store = verifying()
    yield* store.walk({ steps: 3 })
    const [part] = objectsOf(store.home, traceOf(store, "walk.state").trace)
    overwrite(part?.file ?? "", Buffer.from("garbage"))
    yield* store.repair((yield* store.verify()).findings)
    world.steps = []
    yield* store.walk({ steps: 4 })
    expect(world.steps).toEqual([1, 2, 3, 4])
    expect((yield* store.verify()).findings).toEqual([])
  })
)

it.effect("an object that nobody keeps is no fault, unless the newest run has it among its results", () =>
  Effect.gen(function* () {
    const store = verifying()
    const first = yield* store.run()
    yield* TestClock.adjust("1 minute")
    yield* store.run({ unit: "pears", modulo: 7 })
    const removed = (stage: string) => objectsOf(store.home, traceOf(store, stage).trace)
    for (const { file } of removed("read")) fs.rmSync(file)
    const { findings, notKept } = yield* store.verify()
    expect(findings).toEqual([])
    expect(notKept.objects).toBe(removed("read").length)
    expect(nodesOf([notKept]).map(({ node }) => node)).toEqual(["read"])

    // of the older run, which has another total
    const part = first.results.total?.stored.parts[0]
    fs.rmSync(path.join(store.home, "objects", part?.object.slice(0, 2) ?? "", part?.object ?? ""))
    expect((yield* store.verify()).findings).toEqual([])
    const older = yield* store.verify({ alone: first })
    expect(faults(older.findings)).toEqual([["missing", "object", part?.object]])
    expect(older.findings[0]?.makers.map(({ node }) => node).sort()).toEqual(["describe", "sum"])
    expect(exitCode(older.findings)).toBe(2)
    expect(yield* store.repair(older.findings)).toMatchObject([{ _tag: "Left" }])
  })
)

it.effect("of a run alone nothing is looked at but what it made and names", () =>
  Effect.gen(function* () {
    const store = verifying()
    const toy = yield* store.run()
    yield* store.walk()
    const own = yield* store.verify({ alone: toy })
    expect(own.checked).toMatchObject({ records: 1 })
    expect(own.checked.traces).toBeLessThan((yield* store.verify()).checked.traces)
    overwrite(objectsOf(store.home, traceOf(store, "walk").trace)[0]?.file ?? "", new Uint8Array(1))
    expect((yield* store.verify({ alone: toy })).findings).toEqual([])
    expect((yield* store.verify()).findings.length).toBe(1)
  })
)

it.effect("each object is in one of the parts of a sample, and that one alone finds it damaged", () =>
  Effect.gen(function* () {
    const store = verifying()
    yield* store.run()
    yield* store.walk()
    const of = 3
    const parts = [1, 2, 3].map((part) => ({ part, of }))
    const counts = yield* Effect.forEach(parts, (sample) => store.verify({ sample }))
    const all = store.files("objects")
    expect(counts.reduce((sum, { checked }) => sum + checked.objects, 0)).toBe(all.length)
    const [file = ""] = all
    overwrite(file, new Uint8Array(2))
    const found = yield* Effect.forEach(parts, (sample) => store.verify({ sample }))
    expect(found.map(({ findings }) => findings.length)).toEqual(
      parts.map((sample) => (Sample.has(sample, path.basename(file) as Digest.Digest) ? 1 : 0))
    )
  })
)

it("a sample is a part of so many", () => {
  expect(Sample.parse("1/7")).toEqual({ part: 1, of: 7 })
  expect(Sample.parse("7/7")).toEqual({ part: 7, of: 7 })
  for (const text of ["", "0/7", "8/7", "1/0", "1", "a/b", "1/7/2", "-1/7", "1.5/7"])
    expect(Sample.parse(text)).toBeNull()
})

it.effect("what is damaged and mended, or removed, while a store is verified is no fault", () =>
  Effect.gen(function* () {
    const store = verifying()
    yield* store.run()
    const [first = "", second = ""] = store.files("objects")
    const whole = fs.readFileSync(first)
    overwrite(first, new Uint8Array(3))
    const { findings } = yield* store.verify()
    overwrite(first, whole)
    expect(yield* store.repair(findings)).toEqual([{ _tag: "Gone" }])
    expect(fs.readFileSync(first)).toEqual(whole)
    expect(store.files("quarantine")).toEqual([])
    // gone between the walk and the look
    const removed = yield* store.verify({}, { ...silent, found: () => Effect.sync(() => fs.rmSync(second)) })
    expect(removed.findings).toEqual([])
  })
)

it.effect("nothing is found wrong beside runs that write, drop and replace", () =>
  Effect.gen(function* () {
    Toys.lists.set("a", [1, 2, 3])
    const store = verifying()
    const isOver = yield* Deferred.make<void>()
    const runs = yield* Effect.gen(function* () {
      for (let steps = 1; steps <= 6; steps++) {
        yield* store.walk({ steps })
        yield* store.run({ by: steps })
      }
    }).pipe(Effect.ensuring(Deferred.succeed(isOver, undefined)), Effect.fork)
    let looks = 0
    while (!(yield* Deferred.isDone(isOver))) {
      expect((yield* store.verify()).findings).toEqual([])
      looks += 1
    }
    yield* Fiber.join(runs)
    expect(looks).toBeGreaterThan(1)
    expect((yield* store.verify()).findings).toEqual([])
  })
)

it.effect("what somebody computes at the moment is left as it is", () =>
  Effect.gen(function* () {
    const store = verifying()
    yield* store.run()
    const { file, trace } = traceOf(store, "sum")
    const [part] = objectsOf(store.home, trace)
    overwrite(file, new Uint8Array(3))
    const held = store.verify().pipe(
      Effect.flatMap(({ findings }) => store.repair(findings)),
      Effect.zipLeft(Effect.sync(() => expect(fs.existsSync(file)).toBe(true)))
    )
    // another process, as far as leases can tell: a lease is not had twice
    const repairs = yield* Effect.flatMap(Leases, ({ tryAcquire }) =>
      Effect.zipRight(tryAcquire(path.basename(file, ".json") as Key), held)
    ).pipe(Effect.scoped, Effect.provide(store.stores))
    expect(repairs).toEqual([{ _tag: "InUse" }])
    expect(fs.existsSync(part?.file ?? "")).toBe(true)
  })
)

it.effect("repair takes what a shared store has whole, and nothing is to be computed again", () =>
  Effect.gen(function* () {
    const shared = BlobsMemory.layerMemory()
    const store = verifying()
    const own = machine(shared, { home: store.home })
    yield* own.run()
    yield* own.upload
    const [part] = objectsOf(store.home, traceOf(store, "sum").trace)
    const file = part?.file ?? ""
    const whole = fs.readFileSync(file)
    overwrite(file, Buffer.from("garbage"))
    const { findings } = yield* store.verify()
    const repair = Effect.forEach(findings, (finding) =>
      Repair.repair(store.home, path.join(store.home, "quarantine", "now"), finding)
    )
    expect((yield* Effect.provide(repair, own.whole)).map(({ _tag }) => _tag)).toEqual(["Fetched"])
    expect(fs.readFileSync(file)).toEqual(whole)
    expect((yield* store.verify()).findings).toEqual([])
  })
)
