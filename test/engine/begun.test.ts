import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, Layer, Scope, TestClock } from "effect"
import { beforeEach } from "vitest"
import type { Holder, System } from "../../cache/lease-holder.ts"
import * as Executor from "../../engine/Executor.ts"
import * as RunRecord from "../../engine/RunRecord.ts"
import { RunRecords } from "../../engine/RunRecord.ts"
import * as RunRecordDisk from "../../engine/run-record-disk.ts"
import { wrap } from "../rig/broken.ts"
import { folder } from "../rig/folder.ts"
import * as Toys from "../rig/toys.ts"

// What a run leaves whose process is killed: the note of its beginning, of which whoever comes next makes a record.

const DAY = 24 * 3600 * 1000
const RUN = "20261128-120000-0000000"
const begun = {
  run: RUN,
  pipeline: "toy",
  started: "2026-11-28T12:00:00.000Z",
  params: { by: 3 },
  by: "0.2.0"
}

/** The process with this pid, on a host of its name, where processes of others' hosts are not seen. */
const processOf = (host: string, pid: number, gone: ReadonlySet<number>): System => ({
  host,
  self: () => ({ host, pid, start: "1" }),
  isGone: (holder: Holder) => holder.host === host && gone.has(holder.pid),
  isHere: (holder: Holder) => holder.host === host && !gone.has(holder.pid)
})

/** A store, and the records of it as a process sees them, so many milliseconds after now. */
interface Left {
  readonly seen: (system: System, later?: number) => Layer.Layer<RunRecords>
  readonly notes: () => ReadonlyArray<string>
}

const LAYERS: Readonly<Record<string, () => Left>> = {
  memory: () => {
    const records: Array<RunRecord.RunRecord> = []
    const notes = new Map<string, RunRecord.Noted>()
    return {
      seen: (system, later = 0) =>
        Layer.unwrapEffect(Effect.as(TestClock.setTime(later), RunRecord.layerMemory(records, notes, system))),
      notes: () => [...notes.keys()]
    }
  },
  disk: () => {
    const home = path.join(folder("headrace-begun"), "home")
    return {
      seen: (system, later = 0) =>
        RunRecordDisk.layerDisk(home, { system, now: () => Promise.resolve(Date.now() + later) }),
      notes: () => {
        const at = path.join(home, "begun")
        return fs.existsSync(at) ? fs.readdirSync(at).map((name) => path.basename(name, ".json")) : []
      }
    }
  }
}

/** Begins a run and never comes to its end, as a process does that is killed. */
const beginAndDie = (what: Partial<RunRecord.Begun> = {}) =>
  Effect.gen(function* () {
    const { begin } = yield* RunRecords
    yield* Scope.extend(begin({ ...begun, ...what }), yield* Scope.make())
  })

const everything = Effect.gen(function* () {
  const records = yield* RunRecords
  return { list: yield* records.list, sweeps: yield* records.sweeps(9), ids: yield* records.ids }
})

for (const [name, make] of Object.entries(LAYERS)) {
  const ada = (pid: number, ...gone: ReadonlyArray<number>) => processOf("ada boot", pid, new Set(gone))

  it.effect(`${name}: a run whose process is gone has a record that says so, however it is asked for`, () =>
    Effect.gen(function* () {
      for (const ask of [
        Effect.map(everything, ({ list }) => list),
        Effect.flatMap(RunRecords, ({ find }) => find(1, () => true)),
        Effect.flatMap(RunRecords, ({ get }) => Effect.map(get(RUN), (found) => (found === null ? [] : [found])))
      ]) {
        const { seen, notes } = make()
        yield* Effect.provide(beginAndDie(), seen(ada(1)))
        expect(notes()).toEqual([RUN])
        const [record, ...others] = yield* Effect.provide(ask, seen(ada(2, 1)))
        expect(others).toEqual([])
        expect(record).toMatchObject({
          ...begun,
          status: "interrupted",
          nodes: [],
          results: {},
          error: {
            tag: "ProcessGone",
            what: "The process that carried it out (1 on ada) ended without a word",
            fix: expect.stringContaining("Run it again")
          }
        })
        expect(record?.seconds).toBeGreaterThanOrEqual(0)
        expect(notes()).toEqual([])
        expect((yield* Effect.provide(everything, seen(ada(3)))).ids).toEqual([RUN])
      }
    })
  )

  it.effect(`${name}: so has a sweep, among sweeps, and whoever begins another run sees to both`, () =>
    Effect.gen(function* () {
      const { seen, notes } = make()
      const sweep = "20261128-120000-0010000"
      yield* Effect.provide(beginAndDie(), seen(ada(1)))
      yield* Effect.provide(beginAndDie({ run: sweep, sweep: { varied: ["by"], points: [] } }), seen(ada(1)))
      yield* Effect.provide(beginAndDie({ run: "20261128-130000-0000000" }), seen(ada(2, 1)))
      expect(notes()).toEqual(["20261128-130000-0000000"])
      const { list, sweeps } = yield* Effect.provide(everything, seen(ada(3, 1)))
      expect(list.map(({ run }) => run)).toEqual([RUN])
      expect(sweeps).toMatchObject([{ run: sweep, status: "interrupted", sweep: { varied: ["by"], points: [] } }])
    })
  )

  it.effect(
    `${name}: a run whose process lives has none, nor one of another host that said something within a day`,
    () =>
      Effect.gen(function* () {
        const { seen, notes } = make()
        const other = processOf("bob boot", 1, new Set())
        yield* Effect.provide(beginAndDie(), seen(ada(1)))
        yield* Effect.provide(beginAndDie({ run: "20261128-130000-0000000" }), seen(other))
        for (const later of [0, 0.9 * DAY])
          expect((yield* Effect.provide(everything, seen(ada(2), later))).ids).toEqual([])
        expect(notes()).toHaveLength(2)
        expect((yield* Effect.provide(everything, seen(ada(2), 1.1 * DAY))).ids).toEqual(["20261128-130000-0000000"])
        expect(notes()).toEqual([RUN])
      })
  )

  it.effect(
    `${name}: a run that comes to its end leaves its record alone, also where it is killed before its note is gone`,
    () =>
      Effect.gen(function* () {
        const { seen, notes } = make()
        const { run, pipeline, started, params } = begun
        const record: RunRecord.RunRecord = {
          schema: 1,
          run,
          pipeline,
          started,
          params,
          status: "done",
          seconds: 7,
          git: null,
          nodes: [],
          results: {},
          error: null
        }
        const put = Effect.flatMap(RunRecords, (records) => records.put(record))
        yield* Effect.provide(Effect.zipRight(beginAndDie(), put), seen(ada(1)))
        const { list, ids } = yield* Effect.provide(everything, seen(ada(2, 1)))
        expect([list, ids, notes()]).toMatchObject([[{ status: "done", seconds: 7 }], [RUN], []])
        const whole = Effect.scoped(
          Effect.flatMap(RunRecords, ({ begin }) => begin({ ...begun, run: "20261128-130000-0000000" }))
        )
        yield* Effect.provide(whole, seen(ada(2)))
        expect(notes()).toEqual([])
      })
  )
}

it.effect("a note that is damaged tells of nobody: it stays for a day, and goes", () =>
  Effect.gen(function* () {
    const home = folder("headrace-begun")
    const system = processOf("ada boot", 1, new Set())
    yield* Effect.provide(beginAndDie(), RunRecordDisk.layerDisk(home, { system, now: async () => Date.now() }))
    const file = path.join(home, "begun", `${RUN}.json`)
    const whole = fs.readFileSync(file, "utf8")
    for (const text of ["", whole.slice(0, 80), whole.replace("toy", "tox"), "x"]) {
      fs.writeFileSync(file, text)
      const gone = processOf("ada boot", 2, new Set([1]))
      const seenAfter = (later: number) =>
        RunRecordDisk.layerDisk(home, { system: gone, now: async () => Date.now() + later })
      expect((yield* Effect.provide(everything, seenAfter(0.9 * DAY))).ids).toEqual([])
      expect(fs.existsSync(file)).toBe(true)
      expect((yield* Effect.provide(everything, seenAfter(1.1 * DAY))).ids).toEqual([])
      expect(fs.existsSync(file)).toBe(false)
    }
  })
)

beforeEach(() => {
  Toys.lists.clear()
  Toys.lists.set("a", [1, 2, 3])
})

it.effect("a run has a note until its record is kept, and none after, however it ends", () =>
  Effect.gen(function* () {
    for (const given of [{}, { failAt: 2 }]) {
      const { layer } = Toys.memory()
      const notes = new Map<string, RunRecord.Noted>()
      const noted: Array<RunRecord.Noted> = []
      const records = wrap(RunRecords, RunRecord.layerMemory([], notes), (own) => ({
        ...own,
        put: (record) =>
          Effect.zipRight(
            Effect.sync(() => void noted.push(...notes.values())),
            own.put(record)
          )
      }))
      const live = Layer.provideMerge(Executor.layerInProcess(Toys.toy), Layer.merge(layer, records))
      const record = yield* Effect.provide(Toys.runToy(given), live)
      const { run, pipeline, started, params } = record
      expect(noted.map((one) => one.begun)).toMatchObject([{ run, pipeline, started, params }])
      expect([...notes]).toEqual([])
    }
  })
)
