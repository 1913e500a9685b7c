import * as path from "node:path"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Effect, Layer, Logger, LogLevel, Schema } from "effect"
import * as Explained from "../artifacts/Explained.ts"
import * as LeaseDisk from "../cache/lease-disk.ts"
import * as ObjectStoreDisk from "../cache/object-store-disk.ts"
import * as TraceDisk from "../cache/trace-disk.ts"
import * as Code from "../engine/Code.ts"
import * as WorkerExecutor from "../engine/executor-worker.ts"
import { DefinitionInvalid } from "../engine/Param.ts"
import * as Revision from "../engine/Revision.ts"
import { RunRecords } from "../engine/RunRecord.ts"
import * as RevisionGit from "../engine/revision-git.ts"
import * as RunRecordDisk from "../engine/run-record-disk.ts"
import { Hdf5 } from "../models/keras-model.ts"
import { Datasets } from "../services/Datasets.ts"
import { Download } from "../services/Download.ts"
import { FileDigests } from "../services/FileDigests.ts"
import * as Machine from "../services/Machine.ts"
import { workerEnvironment } from "../worker/environment.ts"
import { pipelines } from "../worker/registry.ts"
import { exported } from "../worker/stages.ts"
import * as BuildCode from "./build-code.ts"
import * as CommandLine from "./command-line.ts"
import { commands } from "./commands.ts"
import { help } from "./help.ts"
import { sentence, toldOf } from "./option-text.ts"
import { Place } from "./Place.ts"
import { lastWrites, runToEnd } from "./process-end.ts"
import * as Reporter from "./Reporter.ts"
import * as ResultsWriter from "./results-writer.ts"
import * as RunEventsReporter from "./run-events.ts"
import { UsageInvalid } from "./Usage.ts"

/** Given by the launcher: where the project and its build lie, and `import`, which a script doesn't have. */
declare const __headrace: {
  readonly root: string
  readonly build: string
  readonly importModule: (name: "h5wasm") => Promise<typeof import("h5wasm")>
}

const VERSION = "0.1.0"

// a variable that is empty counts as not set: it would name the current folder
const place = {
  root: __headrace.root,
  build: __headrace.build,
  home: path.resolve(process.env.PIPELINE_HOME || path.join(__headrace.root, ".pipeline")),
  results: path.resolve(process.env.PIPELINE_RESULTS || path.join(__headrace.root, "results"))
}

const codeFile = path.join(place.build, "code.json")
const sources = Datasets.layer({
  home: place.home,
  projectRoot: place.root,
  workingDirectory: process.cwd(),
  mirror: process.env.PIPELINE_MIRROR || null
}).pipe(Layer.provide([Download.live, FileDigests.layer({ directory: path.join(place.home, "sources") })]))

const declared = new Set(
  Code.definitionsIn(exported).flatMap(({ environment, secrets }) => [...environment, ...secrets])
)
const workers = Layer.unwrapEffect(
  Effect.map(Machine.threads, (threads) =>
    WorkerExecutor.layerWorkerProcess({
      start: path.join(place.build, "start.mjs"),
      entry: path.join(place.build, "worker.mjs"),
      threads,
      env: (settings) => workerEnvironment({ own: process.env, declared, home: place.home, codeFile, ...settings })
    })
  )
)

const writes = lastWrites()
const records = Layer.effect(
  RunRecords,
  Effect.map(RunRecords, (kept) => ({ ...kept, put: (record) => writes.during(kept.put(record)) }))
).pipe(Layer.provide(RunRecordDisk.layerDisk(place.home)))

const live = Layer.provideMerge(
  Layer.mergeAll(RunEventsReporter.layer, ResultsWriter.layer),
  Layer.mergeAll(
    Layer.succeed(Place, place),
    Layer.succeed(Revision.CurrentRevision, RevisionGit.revisionOf(place.root)),
    Layer.succeed(Hdf5, { load: Effect.promise(() => __headrace.importModule("h5wasm")) }),
    ObjectStoreDisk.layerDisk(place.home),
    TraceDisk.layerDisk(place.home),
    LeaseDisk.layerDisk(place.home),
    records,
    workers,
    BuildCode.layer(codeFile),
    sources,
    NodeFileSystem.layer
  )
)

const isUsage = (error: unknown): boolean =>
  ["UsageInvalid", "ParamInvalid", "ThreadsInvalid"].includes((error as { readonly _tag?: string })._tag ?? "")

const errorLogger = Logger.map(Logger.logfmtLogger, (text) => void process.stderr.write(`${text}\n`))

const setExitCode = (exitCode: number) =>
  Effect.sync(() => {
    process.exitCode = exitCode
  })

/** A failure to people and programs, and its exit code: 2 for a wrong command line, 1 for the rest. */
const fail = (error: unknown) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter.Reporter
    const explained = Explained.explain(error)
    const usage = error instanceof UsageInvalid ? error.usage : undefined
    yield* reporter.document({
      schema: 1,
      status: "failed",
      error: { ...toldOf(explained), ...(usage === undefined ? {} : { usage }) }
    })
    if (!reporter.json) {
      yield* reporter.note(`error: ${sentence(explained)}`)
      if (usage !== undefined) yield* reporter.note(`usage: ${usage}`)
    }
    yield* setExitCode(isUsage(error) ? 2 : 1)
  })

/** Nobody foresaw it. */
class Bug extends Explained.TaggedError<Bug>()("Bug", { what: Schema.String }, ({ what }) => ({
  what: `This is a bug: ${what}`,
  expected: "a failure with a name",
  fix: "Report it with the command that shows it."
})) {}

/** What is told where nothing else was: an interrupted run tells of itself, if it has the time. */
const INTERRUPTED = {
  schema: 1,
  status: "interrupted",
  error: {
    tag: "Interrupted",
    what: "The command was interrupted",
    expected: "that it may finish",
    fix: "Run it again."
  }
}

const carryOut = (args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { print, document, width } = yield* Reporter.Reporter
    const answer = (text: string) => Effect.zipRight(print(text), document({ schema: 1, status: "done", text }))
    const asked = yield* CommandLine.read(args, commands, pipelines)
    switch (asked._tag) {
      case "Version":
        return yield* answer(VERSION)
      case "Help":
        return yield* answer(help(commands, pipelines, asked.command, asked.pipeline, width))
      case "Run":
        return yield* Effect.flatMap(Effect.provide(asked.run, live), setExitCode)
    }
  })

const main = (args: ReadonlyArray<string>, reporter: typeof Reporter.Reporter.Service) =>
  carryOut(args).pipe(
    Effect.catchAll(fail),
    // thrown where a pipeline is built of parameters, which is no effect
    Effect.catchAllDefect((defect) =>
      fail(
        defect instanceof DefinitionInvalid
          ? defect
          : new Bug({ what: defect instanceof Error ? defect.message : String(defect) })
      )
    ),
    Effect.onInterrupt(() => reporter.document(INTERRUPTED)),
    Effect.provideService(Reporter.Reporter, reporter),
    // the default logger writes to stdout, which belongs to the answer
    Effect.provide(Logger.replace(Logger.defaultLogger, errorLogger)),
    // a worker's death is told by its node; the library's own warning of it says less
    Logger.withMinimumLogLevel(LogLevel.Error)
  )

const argv = process.argv.slice(2)
const reporter = Reporter.make(argv.includes("--json"))
runToEnd(
  main(
    argv.filter((arg) => arg !== "--json"),
    reporter
  ),
  () => reporter.lastDocument(INTERRUPTED),
  writes.isWriting
)
