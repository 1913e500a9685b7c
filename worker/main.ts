import "./install-watch.ts"
import { readFileSync } from "node:fs"
import * as path from "node:path"
import * as WorkerRunner from "@effect/platform/WorkerRunner"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodeWorkerRunner from "@effect/platform-node/NodeWorkerRunner"
import { Cause, Effect, Exit, Layer, Schema } from "effect"
import { Code as CodeParts } from "../cache/Key.ts"
import * as ObjectStoreDisk from "../cache/object-store-disk.ts"
import * as TraceDisk from "../cache/trace-disk.ts"
import * as Code from "../engine/Code.ts"
import * as Runner from "../engine/worker-runner.ts"
import { FileDigests } from "../files/FileDigests.ts"
import { Figures } from "../images/services/Figures.ts"
import { Images } from "../images/services/Images.ts"
import { Onnxruntime } from "../images/services/Onnxruntime.ts"
import { TensorflowLoader } from "../images/services/Tensorflow.ts"
import { watch } from "./read-watch.ts"
import { pipelines } from "./registry.ts"
import { exported } from "./stages.ts"

// Ctrl-C reaches the whole process group; the command decides what becomes of a running node
process.on("SIGINT", () => undefined)
// a command that is killed cannot say goodbye: its worker goes with it
process.on("disconnect", () => process.exit(1))

const home = process.env.PIPELINE_HOME ?? ""
const CodeTable = Schema.parseJson(Schema.Record({ key: Schema.String, value: CodeParts }))
const codes = Schema.decodeSync(CodeTable)(readFileSync(process.env.PIPELINE_CODE ?? "", "utf8"))

/** What the stages of the pipelines need: a stage that needs more does not compile here. */
const services = Layer.mergeAll(
  Figures.live,
  Images.live,
  TensorflowLoader.live,
  Onnxruntime.live,
  FileDigests.layer({ directory: path.join(home, "sources") })
)

const cache = Layer.mergeAll(ObjectStoreDisk.layerDisk(home), TraceDisk.layerDisk(home), Code.layer(codes, exported))

const main = Runner.layer(pipelines, watch).pipe(
  Layer.provide([services, cache, NodeFileSystem.layer, NodeWorkerRunner.layer]),
  WorkerRunner.launch
)

// interruption is how the command closes its worker
Effect.runPromiseExit(main).then((exit) => {
  if (Exit.isSuccess(exit) || Cause.isInterruptedOnly(exit.cause)) return process.exit(0)
  console.error(Cause.pretty(exit.cause))
  process.exit(1)
})
