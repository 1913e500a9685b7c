import { Effect, Layer } from "effect"
import * as LeaseDisk from "../../cache/lease-disk.ts"
import * as ObjectStoreDisk from "../../cache/object-store-disk.ts"
import * as TraceDisk from "../../cache/trace-disk.ts"
import * as WorkerExecutor from "../../engine/executor-worker.ts"
import { defaults } from "../../engine/Pipeline.ts"
import * as Results from "../../engine/Results.ts"
import * as Run from "../../engine/Run.ts"
import { RunEvents } from "../../engine/RunEvent.ts"
import * as RunRecord from "../../engine/RunRecord.ts"
import * as Toys from "./toys.ts"
import { single } from "./worker-pipeline.ts"

// A command that keeps a worker busy until it is killed; it prints what the worker says it is.
const home = process.env.TOY_HOME ?? ""
const events = Layer.succeed(RunEvents, {
  publish: (event) =>
    Effect.sync(() => {
      if (event._tag === "NodeProgress") console.log(event.progress.note)
    })
})
const layer = Layer.mergeAll(
  ObjectStoreDisk.layerDisk(home),
  TraceDisk.layerDisk(home),
  LeaseDisk.layerDisk(home),
  Toys.layerCode,
  events,
  RunRecord.layerMemory(),
  Results.layerNone,
  WorkerExecutor.layerWorkerProcess({
    start: process.env.TOY_START ?? "",
    entry: process.env.TOY_WORKER ?? "",
    threads: 1,
    env: () => process.env
  })
)
Effect.runFork(
  Effect.provide(Run.run(single, { ...defaults(single.params), how: process.env.TOY_HOW }, { cores: 1 }), layer)
)
