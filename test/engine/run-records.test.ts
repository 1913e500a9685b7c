import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { runNamed, runOrNewest } from "../../cli/address/run-address.ts"
import { choose } from "../../cli/compare/choose.ts"
import * as RunName from "../../engine/RunName.ts"
import { type RunRecord, RunRecords } from "../../engine/RunRecord.ts"
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
      expect(yield* records.get(idAt(NOW))).toBeNull()
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
        expect(yield* records.get(id)).toBeNull()
        const refused = yield* Effect.flip(Effect.provideService(runNamed(id), RunRecords, records))
        expect(refused.message).toMatch(/The record of run .* cannot be read; expected .*\. Name another run/)
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
