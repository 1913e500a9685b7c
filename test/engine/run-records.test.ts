import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, Either, TestClock } from "effect"
import * as fc from "fast-check"
import * as StoreListener from "../../cache/StoreListener.ts"
import { runNamed, runOrNewest } from "../../cli/address/run-address.ts"
import { choose } from "../../cli/comparison/choose.ts"
import * as RunName from "../../engine/RunName.ts"
import { type RecordUnreadable, type RunRecord, RunRecords } from "../../engine/RunRecord.ts"
import * as RunRecordDisk from "../../engine/run-record-disk.ts"
import { folder } from "../rig/folder.ts"
import { deepJson, strangers } from "../rig/strangers.ts"

// The kept records of runs: whichever is named is found, and the newest is the newest that can be read and can be true.

const NOW = Date.UTC(2026, 10, 28, 12)
const MINUTE = 60_000
const idAt = (millis: number) => `${RunName.stampOf(millis)}0000`

const recordOf = (run: string, sweep: boolean): RunRecord => ({
  schema: 1,
  run,
  pipeline: "toy",
  status: "done",
  started: "2026-11-28T00:00:00.000Z",
  seconds: 1,
  params: {},
  nodes: [],
  git: null,
  error: null,
  results: {},
  ...(sweep ? { sweep: { varied: [], points: [] } } : {})
})

const withRecords = <A, E>(
  use: (home: string, records: typeof RunRecords.Service) => Effect.Effect<A, E>
): Effect.Effect<A, E> => {
  const home = folder("headrace-records")
  return Effect.gen(function* () {
    yield* TestClock.setTime(NOW)
    return yield* use(home, yield* RunRecords)
  }).pipe(Effect.provide(RunRecordDisk.layerDisk(home)))
}

/** Records a minute apart, the newest one minute old; their ids, the newest first. */
const fill = (records: typeof RunRecords.Service, count: number, sweep = false) =>
  Effect.forEach(
    Array.from({ length: count }, (_, age) => idAt(NOW - (age + 1) * MINUTE)),
    (id) => Effect.as(Effect.orDie(records.put(recordOf(id, sweep))), id)
  )

const refusalOf = (got: Effect.Effect<RunRecord | null, RecordUnreadable>) =>
  Effect.map(Effect.flip(got), ({ message }) => message)

const flipBit = (file: string, at: number) => {
  const bytes = fs.readFileSync(file)
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
  fs.writeFileSync(file, bytes)
}

const namesOf = (all: ReadonlyArray<RunRecord>) => all.map(({ run }) => run)

it.effect("the newest two hundred are listed, and every one is found by its id", () =>
  withRecords((_, records) =>
    Effect.gen(function* () {
      const ids = yield* fill(records, 230)
      const sweep = "20200101-000000-0000000"
      yield* records.put(recordOf(sweep, true))
      expect(namesOf(yield* records.list)).toEqual(ids.slice(0, 200))
      expect(yield* records.ids).toEqual([...ids, sweep])
      expect((yield* records.get(ids[229] ?? ""))?.run).toBe(ids[229])
      expect((yield* records.get(sweep))?.sweep).toEqual({ varied: [], points: [] })
      expect(yield* records.get("20190101-000000-0000000")).toBeNull()
    })
  )
)

it.effect("a pipeline's runs are found, however many others came after them, and as many as are wanted", () =>
  withRecords((_, records) =>
    Effect.gen(function* () {
      const ids = yield* fill(records, 230)
      const old = ["20200101-000000-0000000", "20200101-000001-0000000"]
      for (const run of old) yield* records.put({ ...recordOf(run, false), pipeline: "old" })
      const sweep = "20200101-000002-0000000"
      yield* records.put({ ...recordOf(sweep, true), pipeline: "old" })
      const ofOld = ({ pipeline }: RunRecord) => pipeline === "old"
      expect(namesOf(yield* records.find(10, ofOld))).toEqual([sweep, ...old.toReversed()])
      expect(namesOf(yield* records.find(1, ofOld))).toEqual([sweep])
      expect(namesOf(yield* records.find(220, ({ pipeline }) => pipeline === "toy"))).toEqual(ids.slice(0, 220))
      expect((yield* runOrNewest(["old", "toy"], "old")).run).toBe(sweep)
      const compared = yield* choose(["old", "toy"], ["old"], "5")
      expect(compared.map(({ id }) => id)).toEqual(old)
    }).pipe(Effect.provideService(RunRecords, records))
  )
)

it.effect("records that cannot be read stand in for none that can", () =>
  withRecords((home, records) =>
    Effect.gen(function* () {
      const ids = yield* fill(records, 205)
      const sweeps = yield* fill(records, 4, true)
      const foreign = ["", "null", '{"schema":99}', JSON.stringify(recordOf("x", false)).slice(0, 50)]
      for (const at of ["runs", "sweeps"])
        for (let one = 0; one < 300; one++)
          fs.writeFileSync(path.join(home, at, `${idAt(NOW - one)}.json`), foreign[one % foreign.length] ?? "")
      fs.mkdirSync(path.join(home, "runs", `${idAt(NOW - 500)}.json`))
      expect(namesOf(yield* records.list)).toEqual(ids.slice(0, 200))
      expect(namesOf(yield* records.sweeps(3))).toEqual(sweeps.slice(0, 3))
      expect(yield* refusalOf(records.get(idAt(NOW)))).toContain(`The record of run ${idAt(NOW)} cannot be read`)
      expect((yield* records.unreadable).length).toBeGreaterThan(500)
    })
  )
)

it.effect(
  "records that cannot be read are told of by name where they would have been among those asked for, once",
  () => {
    const heard: Array<string> = []
    return withRecords((home, records) =>
      Effect.gen(function* () {
        const [first = "", second = "", third = ""] = yield* fill(records, 4)
        for (const id of [first, third]) flipBit(path.join(home, "runs", `${id}.json`), 200)
        expect(namesOf(yield* records.find(1, () => true))).toEqual([second])
        expect(namesOf(yield* records.list)).toHaveLength(2)
        yield* records.list
        expect(heard).toHaveLength(1)
        expect(heard[0]).toMatch(
          new RegExp(
            `^2 records of runs cannot be read and are left out, ${first}, ${third}\\. Of the first: The record of run ${first} cannot be read: its bytes were damaged; expected one .*\\. Take ${home}/runs/${first}\\.json back from a copy, or have pipeline verify --repair put it aside`
          )
        )
        expect((yield* records.unreadable).map(({ run }) => run).sort()).toEqual([third, first])
      })
    ).pipe(Effect.provideService(StoreListener.StoreListener, (message) => Effect.sync(() => void heard.push(message))))
  }
)

it.effect("two thousand flipped bits, a thousand cuts: none of these records is shown, none vanishes in silence", () =>
  withRecords((home, records) =>
    Effect.gen(function* () {
      const run = idAt(NOW - MINUTE)
      const file = path.join(home, "runs", `${run}.json`)
      yield* records.put({ ...recordOf(run, false), params: { epochs: 3, name: "\u{1F4C8} \ufffd" }, by: "0.2.0" })
      const whole = fs.readFileSync(file)
      const bits = fc.sample(fc.tuple(fc.nat(whole.length - 1), fc.nat(7)), { numRuns: 2000, seed: 15 })
      const flipped = bits.map(([at, bit]) => {
        const bytes = Buffer.from(whole)
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at)
        return bytes
      })
      const cut = fc
        .sample(fc.nat(whole.length - 1), { numRuns: 1000, seed: 15 })
        .map((length, at) => (at % 2 === 0 ? whole.subarray(0, length) : whole.subarray(length + 1)))
      const counts = { shown: 0, silent: 0, told: 0 }
      for (const bytes of [...flipped, ...cut]) {
        fs.writeFileSync(file, bytes)
        const found = yield* Effect.either(records.get(run))
        if (Either.isLeft(found)) counts.told += found.left.message.includes(run) ? 1 : 0
        else if (found.right === null) counts.silent += 1
        else counts.shown += 1
      }
      expect(counts).toEqual({ shown: 0, silent: 0, told: 3000 })
      fs.writeFileSync(file, whole)
      expect((yield* records.get(run))?.params).toEqual({ epochs: 3, name: "\u{1F4C8} \ufffd" })
    })
  )
)

it.effect(
  "a record of a version without seals is read, and a sealed one that lost its seal does not pass for one",
  () =>
    withRecords((home, records) =>
      Effect.gen(function* () {
        const [old, stripped, moved] = [1, 2, 3].map((age) => idAt(NOW - age * MINUTE)) as [string, string, string]
        const fileOf = (run: string) => path.join(home, "runs", `${run}.json`)
        yield* records.put(recordOf(stripped, false))
        fs.writeFileSync(fileOf(old), `${JSON.stringify(recordOf(old, false))}\n`)
        expect((yield* records.get(old))?.run).toBe(old)
        const [, text = ""] = fs.readFileSync(fileOf(stripped), "utf8").split("\n")
        fs.copyFileSync(fileOf(stripped), fileOf(moved))
        expect(yield* refusalOf(records.get(moved))).toContain(`it is that of another run, ${stripped}`)
        fs.writeFileSync(fileOf(stripped), text)
        expect(yield* refusalOf(records.get(stripped))).toContain("its bytes were damaged")
        expect(namesOf(yield* records.list)).toEqual([old])
      })
    )
)

it.effect("what is no record, is huge or nests too deep is none, and nobody waits for it", () =>
  withRecords((home, records) =>
    Effect.gen(function* () {
      const [whole = ""] = yield* fill(records, 1)
      const lay = Object.values(strangers)
      const deep = (file: string) => fs.writeFileSync(file, `{"schema":1,"params":{"n":${deepJson()}}}`)
      const ids = [...lay, deep].map((each, at) => {
        const id = idAt(NOW - at)
        each(path.join(home, "runs", `${id}.json`))
        return id
      })
      expect(namesOf(yield* records.list)).toEqual([whole])
      for (const id of ids) {
        const refused = yield* Effect.flip(Effect.provideService(runNamed(id), RunRecords, records))
        expect(refused.message).toMatch(
          /The record of run .* cannot be read: .*; expected .*\. Take .* back from a copy, or have pipeline verify --repair put it aside/
        )
        yield* records.put(recordOf(id, false))
        expect((yield* records.get(id))?.run).toBe(id)
      }
    })
  )
)

it.effect("a run that a clock dated in the future is not the newest, before and after another was made", () =>
  withRecords((_, records) =>
    Effect.gen(function* () {
      const ids = yield* fill(records, 3)
      const ahead = [idAt(Date.UTC(2099, 0, 1)), idAt(NOW + 5 * MINUTE)]
      for (const id of ahead) yield* records.put(recordOf(id, false))
      expect(namesOf(yield* records.list)).toEqual([...ids, ...ahead])
      const next = idAt(NOW)
      yield* records.put(recordOf(next, false))
      expect(namesOf(yield* records.list)).toEqual([next, ...ids, ...ahead])
      expect(yield* records.ids).toEqual([next, ...ids, ...ahead])
    })
  )
)
