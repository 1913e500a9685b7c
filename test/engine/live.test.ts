import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import * as fc from "fast-check"
import { vi } from "vitest"
import * as Live from "../../engine/Live.ts"
import * as LiveDisk from "../../engine/live-disk.ts"
import * as Progress from "../../engine/Progress.ts"
import { folder } from "../rig/folder.ts"
import { PATIENCE_MILLIS } from "../rig/patience.ts"

// What a run tells of itself while it goes on, and what is known after it.

const RUN = "20261128-120000-0000000"

const names = fc.constantFrom("ingest", "train", "evaluate")
const count = fc.integer({ min: 0, max: 30 })
const progressed = fc
  .record({
    node: names,
    at: count,
    done: count,
    metrics: fc.dictionary(fc.constantFrom("loss", "accuracy"), fc.double({ noNaN: true, noDefaultInfinity: true }))
  })
  .map((told): Live.LiveEvent => ({ _tag: "Progressed", total: 30, unit: "epochs", reused: 0, note: null, ...told }))
const settled = fc
  .record({
    node: names,
    status: fc.constantFrom("reused" as const, "ran" as const, "skipped" as const),
    seconds: fc.option(count)
  })
  .map((told): Live.LiveEvent => ({ _tag: "Settled", rows: null, bytes: null, error: null, ...told }))
const event: fc.Arbitrary<Live.LiveEvent> = fc.oneof(
  { arbitrary: progressed, weight: 8 },
  settled,
  fc
    .record({ node: names, at: count })
    .map((told): Live.LiveEvent => ({ _tag: "Started", reasons: ["never ran"], ...told })),
  names.map((node): Live.LiveEvent => ({ _tag: "Waiting", node })),
  fc
    .record({ node: names, by: fc.constantFrom("lab-1", "lab-2") })
    .map((told): Live.LiveEvent => ({ _tag: "Placed", ...told })),
  fc
    .record({ point: count, ran: fc.boolean() })
    .map((told): Live.LiveEvent => ({ _tag: "PointSettled", metrics: { loss: 1 }, error: null, ...told })),
  fc.constant<Live.LiveEvent>({ _tag: "Warned", message: "the disk is slow" }),
  fc.constant<Live.LiveEvent>({ _tag: "Planned", nodes: ["ingest", "train"], points: null }),
  fc.constant<Live.LiveEvent>({ _tag: "TrialChosen", trial: 1, point: 2 })
)

const after = (events: ReadonlyArray<Live.LiveEvent>): Live.Live => {
  const live = Live.empty()
  for (const each of events) Live.take(live, each)
  return live
}

const epoch = (done: number, metrics: Readonly<Record<string, number>> = { loss: 1 / done }): Live.LiveEvent => ({
  _tag: "Progressed",
  node: "train",
  at: done,
  done,
  total: 3000,
  unit: "epochs",
  reused: 0,
  note: null,
  metrics
})

/** What somebody knows who looks now and then. */
const watching = (home: string) => {
  const next = LiveDisk.following(home, RUN)
  let live = Live.empty()
  return {
    look: () => {
      const heard = next()
      if (heard?.isAnew === true) live = Live.empty()
      for (const each of heard?.events ?? []) Live.take(live, each)
      return heard
    },
    known: () => live
  }
}

it("as much is known after the fewest events as after all of them", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const live = after(events)
      const again = after(Live.eventsOf(live))
      expect({ ...again, nodes: Object.fromEntries(again.nodes) }).toEqual({
        ...live,
        nodes: Object.fromEntries(live.nodes)
      })
      expect([...again.points]).toEqual([...live.points])
    })
  )
})

it("a curve of very many steps is thinned, and has its first and its last", () => {
  const { nodes } = after(Array.from({ length: 3000 }, (_, at) => epoch(at + 1)))
  const { steps = [], values = [] } = nodes.get("train")?.curves.loss ?? {}
  expect(steps.length).toBeLessThanOrEqual(1000)
  expect(values).toEqual(steps.map((step) => 1 / step))
  expect([(steps[0] ?? 0) < 10, steps.at(-1)]).toEqual([true, 3000])
})

it("steps that are carried out again, by whoever took a node over, take the place of the first ones", () => {
  const { nodes } = after([epoch(1), epoch(2), epoch(3), epoch(2, { loss: 9 })])
  expect(nodes.get("train")?.curves.loss).toEqual({ steps: [1, 2], values: [1, 9] })
})

it.scoped("whoever looks is told what is new; a file that grew is written anew, and tells all again", () =>
  Effect.gen(function* () {
    const home = folder("headrace-live")
    const tell = yield* LiveDisk.telling(home, RUN)
    const watched = watching(home)
    expect(watched.look()).toBe(null)
    const told: Array<Live.LiveEvent> = [{ _tag: "Started", node: "train", at: 0, reasons: ["never ran"] }]
    tell(told[0] as Live.LiveEvent)
    const until = (isSo: () => boolean) =>
      Effect.promise(() => vi.waitFor(() => expect(isSo()).toBe(true), { timeout: PATIENCE_MILLIS }))
    yield* until(() => watched.look() !== null && watched.known().nodes.size === 1)
    let isAnew = false
    // more than the room that a file has, by notes that nobody needs any more
    for (let round = 0; round < 40 && !isAnew; round++) {
      for (let at = 1; at <= 200; at++) {
        const one = epoch(round * 200 + at)
        const long: Live.LiveEvent = { ...one, ...(one._tag === "Progressed" ? { note: "n".repeat(200) } : {}) }
        told.push(long)
        tell(long)
      }
      const last = (round + 1) * 200
      yield* until(() => {
        isAnew = watched.look()?.isAnew === true || isAnew
        return watched.known().nodes.get("train")?.progress?.done === last
      })
    }
    expect(isAnew).toBe(true)
    expect(watched.known().nodes.get("train")?.progress).toEqual(after(told).nodes.get("train")?.progress)
    expect(fs.statSync(LiveDisk.fileOf(home, RUN)).size).toBeLessThan(1.5e6)
  })
)

it.effect("what a run told goes with it, and a line that is none is passed over", () =>
  Effect.gen(function* () {
    const home = folder("headrace-live")
    const scope = yield* Scope.make()
    const tell = yield* Scope.extend(LiveDisk.telling(home, RUN), scope)
    tell(epoch(1))
    const file = LiveDisk.fileOf(home, RUN)
    yield* Effect.promise(() => vi.waitFor(() => expect(fs.existsSync(file)).toBe(true), { timeout: PATIENCE_MILLIS }))
    fs.appendFileSync(file, '{"_tag":"Unheard of"}\nno JSON\n{"_tag":"Waiting","node":"evaluate"}\n{"_tag":"Wait')
    const watched = watching(home)
    watched.look()
    expect([...watched.known().nodes.keys()]).toEqual(["train", "evaluate"])
    fs.appendFileSync(file, 'ing","node":"plot"}\n')
    watched.look()
    expect([...watched.known().nodes.keys()]).toEqual(["train", "evaluate", "plot"])
    expect(LiveDisk.runsIn(home)).toEqual([RUN])
    yield* Scope.close(scope, Exit.void)
    expect([LiveDisk.runsIn(home), watched.look()]).toEqual([[], null])
  })
)

it.scoped("what could not be written is told once it can be, and a run does not wait for it", () =>
  Effect.gen(function* () {
    const home = folder("headrace-live")
    const live = path.join(home, "live")
    const file = LiveDisk.fileOf(home, RUN)
    // a folder where the file should be, which nothing takes the place of
    fs.mkdirSync(path.join(file, "in the way"), { recursive: true })
    const { mtimeNs } = fs.statSync(live, { bigint: true })
    const tell = yield* LiveDisk.telling(home, RUN)
    const later = Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 20)))
    let at = 0
    // it was tried beside it
    while (fs.statSync(live, { bigint: true }).mtimeNs === mtimeNs) {
      at += 1
      tell(epoch(at))
      yield* later
    }
    fs.rmSync(file, { recursive: true })
    const watched = watching(home)
    while (watched.look() === null) {
      at += 1
      tell(epoch(at))
      yield* later
    }
    expect(watched.known().nodes.get("train")?.curves.loss?.steps[0]).toBe(1)
    expect(fs.readdirSync(live)).toEqual([`${RUN}.jsonl`])
  })
)

it("of a sweep's trainings the newest that are over keep their curves", () => {
  const events = Array.from({ length: 40 }, (_, at): ReadonlyArray<Live.LiveEvent> => {
    const told = epoch(1)
    const node = `train[${at}]`
    const over = { _tag: "Settled", node, status: "ran", seconds: 1, rows: null, bytes: 1, error: null } as const
    return told._tag === "Progressed" ? [{ ...told, node }, over] : []
  })
  const { nodes } = after(events.flat())
  const drawn = [...nodes].filter(([, { curves }]) => curves.loss !== undefined).map(([node]) => node)
  expect([nodes.size, drawn.length, drawn[0]]).toEqual([40, 32, "train[8]"])
})

it("a metric may be called as anything is", () => {
  const { nodes } = after([epoch(1, { constructor: 1, toString: 2 })])
  expect(nodes.get("train")?.curves.constructor).toEqual({ steps: [1], values: [1] })
})

it.effect("a metric that is no number any more is left out of what is reported", () =>
  Effect.gen(function* () {
    const heard: Array<Progress.Progress> = []
    yield* Progress.report({ done: 1, total: 2, unit: "epochs", metrics: { loss: Number.NaN, accuracy: 0.1 } }).pipe(
      Effect.provideService(Progress.ProgressListener, (progress) => Effect.sync(() => void heard.push(progress)))
    )
    expect(heard[0]?.metrics).toEqual({ accuracy: 0.1 })
  })
)
