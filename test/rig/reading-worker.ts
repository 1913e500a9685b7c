import "../../worker/install-watch.ts"
import * as WorkerRunner from "@effect/platform/WorkerRunner"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodeWorkerRunner from "@effect/platform-node/NodeWorkerRunner"
import { Effect, Layer } from "effect"
import * as ObjectStoreDisk from "../../cache/object-store-disk.ts"
import * as TraceDisk from "../../cache/trace-disk.ts"
import * as Runner from "../../engine/worker-runner.ts"
import { watch } from "../../worker/read-watch.ts"
import { layerCode } from "./reading-code.ts"
import { earlyPipelines } from "./reading-early.ts"
import { dating, reading } from "./reading-pipeline.ts"

// The entry of a worker process that watches what its stages read, as worker/main.ts is.
process.on("disconnect", () => process.exit(1))

const home = process.env.PIPELINE_HOME ?? ""
const cache = Layer.mergeAll(ObjectStoreDisk.layerDisk(home), TraceDisk.layerDisk(home), layerCode)
const main = Runner.layer([reading, dating, ...earlyPipelines], watch).pipe(
  Layer.provide([cache, NodeFileSystem.layer, NodeWorkerRunner.layer]),
  WorkerRunner.launch
)
Effect.runPromiseExit(main).then(() => process.exit(0))
