import * as fs from "node:fs"
import * as path from "node:path"
import { Context, Effect, Layer, Schedule } from "effect"
import { beforeAll } from "vitest"
import * as LeaseDisk from "../../cache/lease-disk.ts"
import type { ObjectStore } from "../../cache/ObjectStore.ts"
import * as ObjectStoreDisk from "../../cache/object-store-disk.ts"
import type { TraceStore } from "../../cache/Trace.ts"
import * as TraceDisk from "../../cache/trace-disk.ts"
import * as Executor from "../../engine/Executor.ts"
import * as WorkerExecutor from "../../engine/executor-worker.ts"
import type { ExecuteFailure } from "../../engine/Failure.ts"
import type { AnyPipeline } from "../../engine/Pipeline.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Results from "../../engine/Results.ts"
import * as Run from "../../engine/Run.ts"
import * as RunEvent from "../../engine/RunEvent.ts"
import * as RunRecord from "../../engine/RunRecord.ts"
import { bundle } from "./bundle.ts"
import { folder } from "./folder.ts"
import * as Toys from "./toys.ts"

/** Runs of the toy pipelines in real worker processes, for the test file that imports this. */

const lists = { a: Array.from({ length: 3000 }, (_, index) => index) }
let programs = ""
export const program = (name: string) => path.join(programs, `${name}.mjs`)
beforeAll(async () => {
  programs = folder("headrace-worker")
  for (const name of ["toy-worker", "parent-of-worker"]) await bundle(`test/rig/${name}.ts`, program(name))
  await bundle("worker/start.ts", program("start"))
})
/** A folder for a cache, with the lists that the toys read. */
export const home = () => {
  const made = folder()
  fs.writeFileSync(path.join(made, "lists.json"), JSON.stringify(lists))
  Toys.lists.set("a", lists.a)
  return made
}

/** The executor as the command has it, for the toys. */
export const workerProcess = (
  toyHome: string,
  env: Readonly<Record<string, string>> = {},
  { entry = program("toy-worker"), ...limits }: Partial<WorkerExecutor.Options> = {}
) =>
  WorkerExecutor.layerWorkerProcess({
    start: program("start"),
    entry,
    threads: 1,
    env: () => ({ ...process.env, TOY_HOME: toyHome, ...env }),
    ...limits
  })

export interface Ran {
  readonly record: RunRecord.RunRecord
  readonly events: ReadonlyArray<RunEvent.RunEvent>
  readonly failures: ReadonlyArray<ExecuteFailure>
}
type RunIt = (
  pipeline: AnyPipeline<unknown, never>,
  params?: Readonly<Record<string, unknown>>
) => Effect.Effect<Ran, unknown>
export type ExecutorLayer = Layer.Layer<Executor.Executor, never, ObjectStore | TraceStore>

/** Hands `use` a way to run pipelines on one executor and one cache. */
export const using = <A, E>(
  toyHome: string,
  executor: ExecutorLayer,
  use: (run: RunIt, events: ReadonlyArray<RunEvent.RunEvent>) => Effect.Effect<A, E, TraceStore>
) => {
  const events: Array<RunEvent.RunEvent> = []
  const failures: Array<ExecuteFailure> = []
  const cache = Layer.mergeAll(
    ObjectStoreDisk.layerDisk(toyHome),
    TraceDisk.layerDisk(toyHome),
    LeaseDisk.layerDisk(toyHome),
    Toys.layerCode,
    RunEvent.layerCollect(events),
    RunRecord.layerMemory(),
    Results.layerNone
  )
  const watched = Layer.map(executor, (context) =>
    Context.make(Executor.Executor, {
      ...Context.get(context, Executor.Executor),
      execute: (task: Executor.Task) =>
        Effect.tapError(Context.get(context, Executor.Executor).execute(task), (error) =>
          Effect.sync(() => failures.push(error))
        )
    })
  )
  return Effect.gen(function* () {
    const context = yield* Effect.context<Run.Needs>()
    const run: RunIt = (pipeline, given = {}) =>
      Effect.suspend(() => {
        events.length = 0
        failures.length = 0
        return Effect.gen(function* () {
          const values = yield* Pipeline.decodeParams(pipeline, given)
          const record = yield* Run.run(pipeline, values, { cores: 2 })
          return { record, events: [...events], failures: [...failures] }
        })
      }).pipe(Effect.provide(context))
    return yield* use(run, events)
  }).pipe(Effect.provide(Layer.provideMerge(watched, cache)))
}

/** The same in worker processes, in a new folder. */
export const inWorker = <A, E>(
  use: (run: RunIt, events: ReadonlyArray<RunEvent.RunEvent>) => Effect.Effect<A, E, TraceStore>,
  env: Readonly<Record<string, string>> = {},
  limits: Partial<WorkerExecutor.Options> = {}
) =>
  Effect.suspend(() => {
    const toyHome = home()
    return using(toyHome, workerProcess(toyHome, env, limits), use)
  })

export const nodeOf = ({ record }: Ran) => record.nodes.find(({ node }) => node.startsWith("behave"))
export const notesOf = (events: ReadonlyArray<RunEvent.RunEvent>) =>
  events.flatMap((event) =>
    event._tag === "NodeProgress" && event.progress.note !== null ? [event.progress.note] : []
  )
export const pidOf = (note: string | undefined) => Number(note?.split(" ")[1])
export const isAlive = (pid: number) => {
  try {
    return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, "utf8"))
  } catch {
    return false
  }
}
export const until = (what: () => boolean) =>
  Effect.repeat(Effect.sync(what), { until: (is) => is, schedule: Schedule.spaced("20 millis") })
