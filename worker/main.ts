import "./install-watch.ts"
import * as path from "node:path"
import * as WorkerRunner from "@effect/platform/WorkerRunner"
import * as NodeWorkerRunner from "@effect/platform-node/NodeWorkerRunner"
import { Cause, Effect, Exit, Layer } from "effect"
import { givenAt } from "../api/given.ts"
import * as ObjectStoreDisk from "../cache/object-store-disk.ts"
import * as TraceDisk from "../cache/trace-disk.ts"
import * as Using from "../cache/Using.ts"
import { ThrownAt } from "../engine/ThrownAt.ts"
import * as Runner from "../engine/worker-runner.ts"
import * as SourceFilesDisk from "../files/source-files-disk.ts"
import type { Place } from "../project/Place.ts"
import type { Whole } from "../project/Project.ts"
import * as BuildCode from "./build-code.ts"
import { given } from "./given-remote.ts"
import { watch } from "./read-watch.ts"
import { thrownIn } from "./thrown-at.ts"

// Ctrl-C reaches the whole process group; the command decides what becomes of a running node
process.on("SIGINT", () => undefined)
// a command that is killed cannot say goodbye: its worker goes with it
process.on("disconnect", () => process.exit(1))

/** So many frames of the stack of an error are kept: Node's own ten may all be a library's. */
const FRAMES = 50

/** The command says where its project lies; what people open, and its own folder, are no worker's business. */
const place = (): typeof Place.Service => {
  const { PIPELINE_ROOT: root = "", PIPELINE_HOME: home = "", PIPELINE_CODE: code = "" } = process.env
  return { root, home, build: path.dirname(code), workingDirectory: root, results: path.join(root, "results") }
}

/** The stores as the command has them: this machine's, with a shared one behind them where it has one. */
const storesAt = async (at: typeof Place.Service) => {
  const own = Layer.mergeAll(
    ObjectStoreDisk.layerDisk(at.home),
    Layer.provide(Using.traces, [TraceDisk.layerDisk(at.home), Using.layer(at.home, at.build)])
  )
  if (given === null) return own
  const { settings } = await import("../cache/remote/settings.ts")
  const { behind, shared } = await import("../cache/remote/stores.ts")
  const found = await Effect.runPromise(settings(given.variables, "read", at))
  return found === null ? own : Layer.provide(behind(at.home, own, given.notes), shared(found, given.isDown))
}

/** Computes the nodes of a project that a command asks for; the build calls it with what the project's files hold. */
export const main = async <R, S>(project: Whole<R, S>): Promise<void> => {
  const at = place()
  const cache = Layer.mergeAll(await storesAt(at), BuildCode.layer(path.join(at.build, "code.json"), project.exported))
  const services = Layer.provideMerge(await project.layer(), givenAt(at))
  // a library may throw far below the stage that called it
  Error.stackTraceLimit = FRAMES
  const exit = await Runner.layer(project.pipelines, watch).pipe(
    Layer.provide(SourceFilesDisk.layerDisk(at.home)),
    Layer.provide([services, cache, NodeWorkerRunner.layer, Layer.succeed(ThrownAt, thrownIn(at.root))]),
    WorkerRunner.launch,
    // interruption is how the command closes its worker
    Effect.runPromiseExit
  )
  if (Exit.isSuccess(exit) || Cause.isInterruptedOnly(exit.cause)) return process.exit(0)
  console.error(Cause.pretty(exit.cause))
  process.exit(1)
}
