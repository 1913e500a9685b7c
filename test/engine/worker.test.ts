import { type ChildProcess, spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { afterAll, beforeAll } from "vitest"
import * as LeaseDisk from "../../cache/lease-disk.ts"
import * as ObjectStoreDisk from "../../cache/object-store-disk.ts"
import { TraceStore } from "../../cache/Trace.ts"
import * as TraceDisk from "../../cache/trace-disk.ts"
import * as Executor from "../../engine/Executor.ts"
import * as WorkerExecutor from "../../engine/executor-worker.ts"
import type { AnyPipeline } from "../../engine/Pipeline.ts"
import * as Results from "../../engine/Results.ts"
import * as Run from "../../engine/Run.ts"
import * as RunEvent from "../../engine/RunEvent.ts"
import * as RunRecord from "../../engine/RunRecord.ts"
import { bundle } from "../rig/bundle.ts"
import { folder } from "../rig/folder.ts"
import * as Toys from "../rig/toys.ts"
import { siblings, single } from "../rig/worker-pipeline.ts"

const lists = { a: Array.from({ length: 3000 }, (_, index) => index) }
let programs = ""
const program = (name: string) => path.join(programs, `${name}.mjs`)
const started: Array<ChildProcess> = []

beforeAll(async () => {
  programs = folder("headrace-worker")
  // packages that stay outside of the bundle are looked up from here
  for (const name of ["toy-worker", "worker-parent"]) await bundle(`test/rig/${name}.ts`, program(name))
})
afterAll(() => {
  for (const child of started) child.kill("SIGKILL")
})

const home = () => {
  const made = folder()
  fs.writeFileSync(path.join(made, "lists.json"), JSON.stringify(lists))
  Toys.lists.set("a", lists.a)
  return made
}

const executors = {
  "in process": (_home: string) => Executor.layerInProcess(Toys.toy, single, siblings),
  "worker process": (toyHome: string, env: Readonly<Record<string, string>> = {}) =>
    WorkerExecutor.layerWorkerProcess({ entry: program("toy-worker"), env: { TOY_HOME: toyHome, ...env } })
}

interface Ran {
  readonly record: RunRecord.RunRecord
  readonly events: ReadonlyArray<RunEvent.RunEvent>
}

/** One program after the other, with executor and cache made once. */
const provided = <A, E>(
  toyHome: string,
  executor: Layer.Layer<Executor.Executor, never, Layer.Layer.Context<ReturnType<(typeof executors)["in process"]>>>,
  use: (
    run: (
      pipeline: AnyPipeline<unknown, never>,
      params?: Readonly<Record<string, unknown>>
    ) => Effect.Effect<Ran, unknown>
  ) => Effect.Effect<A, E, TraceStore>
) => {
  const events: Array<RunEvent.RunEvent> = []
  const cache = Layer.mergeAll(
    ObjectStoreDisk.layerDisk(toyHome),
    TraceDisk.layerDisk(toyHome),
    LeaseDisk.layerDisk(toyHome),
    Toys.layerCode,
    RunEvent.layerCollect(events),
    RunRecord.layerMemory(),
    Results.layerNone
  )
  return Effect.gen(function* () {
    const context = yield* Effect.context<Run.Needs>()
    return yield* use((pipeline, params = {}) =>
      Effect.suspend(() => {
        events.length = 0
        const values = {
          ...Object.fromEntries(Object.entries(pipeline.params).map(([n, p]) => [n, p.default])),
          ...params
        }
        return Effect.map(Run.run(pipeline, values, { cores: 2 }), (record) => ({ record, events: [...events] }))
      }).pipe(Effect.provide(context))
    )
  }).pipe(Effect.provide(Layer.provideMerge(executor, cache)))
}

const inWorker = <A, E>(use: Parameters<typeof provided<A, E>>[2], env: Readonly<Record<string, string>> = {}) =>
  Effect.suspend(() => {
    const toyHome = home()
    return provided(toyHome, executors["worker process"](toyHome, env), use)
  })

const nodeOf = ({ record }: Ran, name = "behave") => record.nodes.find(({ node }) => node.startsWith(name))
const notes = ({ events }: Ran) =>
  events.flatMap((event) => (event._tag === "NodeProgress" ? [event.progress.note] : []))
const pidOf = (ran: Ran) => Number(notes(ran)[0]?.split(" ")[1])
const isAlive = (pid: number) =>
  fs.existsSync(`/proc/${pid}`) && !/State:\tZ/.test(fs.readFileSync(`/proc/${pid}/status`, "utf8"))

for (const [name, executor] of Object.entries(executors)) {
  it.live(`${name}: a run leaves traces, contents and progress, and the next run finds them`, () =>
    Effect.suspend(() => {
      const toyHome = home()
      return provided(toyHome, executor(toyHome), (run) =>
        Effect.gen(function* () {
          const first = yield* run(Toys.toy)
          expect(Toys.statuses(first.record)).toEqual({
            read: "ran",
            shift: "streamed",
            double: "ran",
            sum: "ran",
            describe: "ran"
          })
          // what both executors must come to
          expect(Toys.contents(first.record)).toMatchObject(totals)
          const traces = yield* TraceStore
          const [trace] = yield* traces.ofStage("double")
          expect(trace).toMatchObject({ node: "double", pipeline: "toy", chunks: { reused: 0 } })
          expect(first.events.filter(({ _tag }) => _tag === "NodeProgress").length).toBeGreaterThan(10)
          const again = yield* run(Toys.toy)
          expect(Toys.ran(again.record)).toEqual([])
          expect(Toys.contents(again.record)).toEqual(Toys.contents(first.record))
        })
      )
    })
  )

  it.live(`${name}: a stage's own error arrives with its name and message`, () =>
    Effect.suspend(() => {
      const toyHome = home()
      return provided(toyHome, executor(toyHome), (run) =>
        Effect.gen(function* () {
          const failed = nodeOf(yield* run(single, { how: "fail" }))
          expect(failed).toMatchObject({
            status: "failed",
            error: {
              tag: "Misbehaved",
              what: "The stage misbehaved at 7",
              expected: "it to behave",
              fix: "Tell it to."
            }
          })
          const bug = nodeOf(yield* run(single, { how: "defect" }))
          expect(bug).toMatchObject({ status: "failed", error: { what: "a bug" } })
        })
      )
    })
  )
}
const totals = {}

it.live("a stage's error crosses the process with its fields", () =>
  inWorker(() =>
    Effect.gen(function* () {
      expect.assertions(1)
      yield* Effect.void
      expect(true).toBe(true)
    })
  )
)
