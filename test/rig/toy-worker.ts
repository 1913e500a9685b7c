import { readFileSync } from "node:fs"
import * as WorkerRunner from "@effect/platform/WorkerRunner"
import * as NodeWorkerRunner from "@effect/platform-node/NodeWorkerRunner"
import { Cause, Effect, Exit, Layer } from "effect"
import * as ObjectStoreDisk from "../../cache/object-store-disk.ts"
import { tell } from "../../cache/StoreListener.ts"
import { TraceStore } from "../../cache/Trace.ts"
import * as TraceDisk from "../../cache/trace-disk.ts"
import * as Runner from "../../engine/worker-runner.ts"
import { wrap } from "./broken.ts"
import * as Toys from "./toys.ts"
import { siblings, single } from "./worker-pipeline.ts"

// The entry of a worker process for the toy pipelines, as worker/main.ts is for the real ones.
process.on("disconnect", () => process.exit(1))

const home = process.env.TOY_HOME ?? ""
const lists: Readonly<Record<string, ReadonlyArray<number>>> = JSON.parse(readFileSync(`${home}/lists.json`, "utf8"))
for (const [name, numbers] of Object.entries(lists)) Toys.lists.set(name, numbers)
// a worker of another version: its source differs
if (process.env.TOY_EDITED === "yes") for (const stage of ["behave", "read"]) Toys.sources.set(stage, "edited")

// a store of which there is something to tell, at each look-up of a chunk
const traces = wrap(TraceStore, TraceDisk.layerDisk(home), (store) => ({
  ...store,
  getChunks: (stage, keys) =>
    Effect.zipRight(
      process.env.TOY_TELLS === "yes" ? tell("The store is far away.") : Effect.void,
      store.getChunks(stage, keys)
    )
}))
const cache = Layer.mergeAll(ObjectStoreDisk.layerDisk(home), traces, Toys.layerCode)
const main = Runner.layer([Toys.toy, single, siblings]).pipe(
  Layer.provide([cache, NodeWorkerRunner.layer]),
  WorkerRunner.launch
)
Effect.runPromiseExit(main).then((exit) =>
  process.exit(Exit.isSuccess(exit) || Cause.isInterruptedOnly(exit.cause) ? 0 : 1)
)
