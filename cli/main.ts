import * as path from "node:path"
import { CliConfig, Command, HelpDoc, ValidationError } from "@effect/cli"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as NodeTerminal from "@effect/platform-node/NodeTerminal"
import { Effect, Layer, Logger, LogLevel, Schema } from "effect"
import * as LeaseDisk from "../cache/lease-disk.ts"
import * as ObjectStoreDisk from "../cache/object-store-disk.ts"
import * as TraceDisk from "../cache/trace-disk.ts"
import * as WorkerExecutor from "../engine/executor-worker.ts"
import { explain } from "../engine/Failure.ts"
import { DefinitionInvalid } from "../engine/Param.ts"
import * as RunRecordDisk from "../engine/run-record-disk.ts"
import { SourceFailed } from "../engine/Sources.ts"
import { Hdf5 } from "../models/keras-model.ts"
import { Datasets } from "../services/Datasets.ts"
import { Download } from "../services/Download.ts"
import { FileDigests } from "../services/FileDigests.ts"
import * as Machine from "../services/Machine.ts"
import { workerEnvironment } from "../worker/environment.ts"
import * as BuildCode from "./build-code.ts"
import * as CommandLine from "./command-line.ts"
import { all, app, setExitCode, shapes } from "./commands.ts"
import { Place } from "./Place.ts"
import { runToEnd } from "./process-end.ts"
import * as Reporter from "./Reporter.ts"
import * as ResultsWriter from "./results-writer.ts"
import * as RunEventsReporter from "./run-events.ts"

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

const workers = Layer.unwrapEffect(
  Effect.map(Machine.threads, (threads) =>
    WorkerExecutor.layerWorkerProcess({
      entry: path.join(place.build, "worker.mjs"),
      threads,
      env: (threads) => workerEnvironment(process.env, place.home, codeFile, threads)
    })
  )
)

const live = Layer.provideMerge(
  Layer.mergeAll(RunEventsReporter.layer, ResultsWriter.layer),
  Layer.mergeAll(
    Layer.succeed(Place, place),
    Layer.succeed(Hdf5, { load: Effect.promise(() => __headrace.importModule("h5wasm")) }),
    ObjectStoreDisk.layerDisk(place.home),
    TraceDisk.layerDisk(place.home),
    LeaseDisk.layerDisk(place.home),
    RunRecordDisk.layerDisk(place.home),
    workers,
    BuildCode.layer(codeFile),
    sources,
    NodeFileSystem.layer,
    NodePath.layer,
    NodeTerminal.layer
  )
)

const isUsage = (error: unknown): boolean =>
  ValidationError.isValidationError(error) ||
  ["UsageInvalid", "ParamInvalid", "ThreadsInvalid"].includes((error as { readonly _tag?: string })._tag ?? "")

// biome-ignore lint/suspicious/noControlCharactersInRegex: the help text's colours
const COLOURS = /\u001b\[[0-9;]*m/g

const explained = (error: unknown) => {
  if (ValidationError.isValidationError(error)) {
    const text = HelpDoc.toAnsiText((error as { readonly error: HelpDoc.HelpDoc }).error).trim()
    return {
      tag: "UsageInvalid",
      what: text.replace(COLOURS, "").replace(/[.\s]+$/, ""),
      expected: "a command line as pipeline --help shows",
      fix: "See pipeline --help."
    }
  }
  if (error instanceof SourceFailed) return error.explained
  return explain(error instanceof Error ? error : new Error(String(error)))
}

const errorLogger = Logger.map(Logger.logfmtLogger, (text) => void process.stderr.write(`${text}\n`))

/** A failure to people and programs, and its exit code: 2 for a wrong command line, 1 for the rest. */
const fail = (error: unknown) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter.Reporter
    const parts = explained(error)
    yield* reporter.json
      ? reporter.document({ schema: 1, status: "failed", error: parts })
      : reporter.note(`error: ${Reporter.sentence(parts)}`)
    yield* setExitCode(isUsage(error) ? 2 : 1)
  })

/** The parser prints its errors itself, which `fail` does, and help in colours and as text, wherever it goes. */
const quietly = <A, E, R>(parser: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const { json, picture, document } = yield* Reporter.Reporter
    const log = (text: string) =>
      json
        ? document({ schema: 1, status: "done", text: text.replace(COLOURS, "").trim() })
        : picture(process.stdout.isTTY ? text : text.replace(COLOURS, ""))
    return yield* Effect.consoleWith((console) =>
      Effect.withConsole(parser, { ...console, log: (...parts) => log(parts.join(" ")), error: () => Effect.void })
    )
  })

/** Nobody foresaw it. */
class Bug extends Schema.TaggedError<Bug>()("Bug", { what: Schema.String }) {
  override get message() {
    return `This is a bug: ${this.what}; expected a failure with a name. Report it with the command that shows it.`
  }
}

/** One document, whatever happens: an interrupted run has told of itself, anything else has not. */
const tellInterrupted = Effect.flatMap(Reporter.Reporter, ({ document }) =>
  document({
    schema: 1,
    status: "interrupted",
    error: {
      tag: "Interrupted",
      what: "The command was interrupted",
      expected: "that it may finish",
      fix: "Run it again."
    }
  })
)

const main = (argv: ReadonlyArray<string>) => {
  const json = argv.includes("--json")
  const args = CommandLine.joinNegative(argv.filter((arg) => arg !== "--json"))
  const cli = Command.run(app, { name: "pipeline", version: VERSION })
  return CommandLine.check(args, shapes, all).pipe(
    Effect.zipRight(quietly(cli(["node", "pipeline", ...(args.length === 0 ? ["--help"] : args)]))),
    Effect.provide(live),
    Effect.catchAll(fail),
    // thrown where a pipeline is built of parameters, which is no effect
    Effect.catchAllDefect((defect) =>
      fail(
        defect instanceof DefinitionInvalid
          ? defect
          : new Bug({ what: defect instanceof Error ? defect.message : String(defect) })
      )
    ),
    Effect.onInterrupt(() => tellInterrupted),
    Effect.provide(Reporter.layer(json)),
    Effect.provide(CliConfig.layer({ showBuiltIns: false })),
    // the default logger writes to stdout, which belongs to the answer
    Effect.provide(Logger.replace(Logger.defaultLogger, errorLogger)),
    // a worker's death is told by its node; the library's own warning of it says less
    Logger.withMinimumLogLevel(LogLevel.Error)
  )
}

runToEnd(main(process.argv.slice(2)) as Effect.Effect<void>)
