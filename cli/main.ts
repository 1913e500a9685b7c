import { readFileSync } from "node:fs"
import * as path from "node:path"
import { Args, CliConfig, Command, HelpDoc, Options, ValidationError } from "@effect/cli"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as NodeTerminal from "@effect/platform-node/NodeTerminal"
import { Effect, Layer, Logger, LogLevel, Option, Schema } from "effect"
import { Code as CodeParts } from "../cache/Key.ts"
import * as LeaseDisk from "../cache/lease-disk.ts"
import * as ObjectStoreDisk from "../cache/object-store-disk.ts"
import * as TraceDisk from "../cache/trace-disk.ts"
import * as Code from "../engine/Code.ts"
import * as WorkerExecutor from "../engine/executor-worker.ts"
import { explain } from "../engine/Failure.ts"
import type { AnyPipeline } from "../engine/Pipeline.ts"
import { RunEvents } from "../engine/RunEvent.ts"
import * as RunRecordDisk from "../engine/run-record-disk.ts"
import { Refresh } from "../engine/Source.ts"
import { SourceFailed } from "../engine/Sources.ts"
import { Datasets } from "../services/Datasets.ts"
import { Download } from "../services/Download.ts"
import { FileDigests } from "../services/FileDigests.ts"
import * as Machine from "../services/Machine.ts"
import { workerEnvironment } from "../worker/environment.ts"
import { pipelines } from "../worker/registry.ts"
import * as CommandLine from "./command-line.ts"
import { doctor } from "./doctor.ts"
import { inspect } from "./inspect.ts"
import { list } from "./list.ts"
import { Place } from "./Place.ts"
import * as ParamOptions from "./param-options.ts"
import { plan } from "./plan.ts"
import { runToEnd } from "./process-end.ts"
import * as Reporter from "./Reporter.ts"
import * as ResultsWriter from "./results-writer.ts"
import { run, tell } from "./run.ts"
import * as RunEventsReporter from "./run-events.ts"
import { why } from "./why.ts"

/** Given by the launcher: where the project and its build lie. */
declare const __headrace: { readonly root: string; readonly build: string }

const VERSION = "0.1.0"
const all: ReadonlyArray<AnyPipeline> = pipelines

// a variable that is empty counts as not set: it would name the current folder
const place = {
  ...__headrace,
  home: path.resolve(process.env.PIPELINE_HOME || path.join(__headrace.root, ".pipeline")),
  results: path.resolve(process.env.PIPELINE_RESULTS || path.join(__headrace.root, "results"))
}

class BuildDamaged extends Schema.TaggedError<BuildDamaged>()("BuildDamaged", { file: Schema.String }) {
  override get message() {
    return `${this.file} cannot be read; expected the digests of the code of this build. Remove its folder: the next command builds anew.`
  }
}

const CodeTable = Schema.parseJson(Schema.Record({ key: Schema.String, value: CodeParts }))
const codeFile = path.join(place.build, "code.json")
const code = Layer.unwrapEffect(
  Effect.try(() => readFileSync(codeFile, "utf8")).pipe(
    Effect.flatMap(Schema.decode(CodeTable)),
    Effect.mapError(() => new BuildDamaged({ file: codeFile })),
    Effect.map(Code.layer)
  )
)

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
      env: workerEnvironment(process.env, place.home, codeFile, threads)
    })
  )
)

const live = Layer.provideMerge(
  Layer.mergeAll(RunEventsReporter.layer, ResultsWriter.layer),
  Layer.mergeAll(
    Layer.succeed(Place, place),
    ObjectStoreDisk.layerDisk(place.home),
    TraceDisk.layerDisk(place.home),
    LeaseDisk.layerDisk(place.home),
    RunRecordDisk.layerDisk(place.home),
    workers,
    code,
    sources,
    NodeFileSystem.layer,
    NodePath.layer,
    NodeTerminal.layer
  )
)

const refresh = Options.boolean("refresh").pipe(
  Options.withDescription("Look again for better editions of datasets and weights")
)

/** A subcommand a pipeline, with its parameters as options. */
const forEachPipeline = <N extends string, E, R>(
  name: N,
  description: string,
  handle: (
    pipeline: (typeof pipelines)[number],
    values: Readonly<Record<string, unknown>>
  ) => Effect.Effect<number, E, R>
) =>
  Command.make(name).pipe(
    Command.withDescription(description),
    Command.withSubcommands(
      pipelines.map((pipeline) =>
        Command.make(pipeline.name, { given: ParamOptions.optionsOf(pipeline), refresh }, ({ given, refresh: again }) =>
          ParamOptions.decode(pipeline, given).pipe(
            Effect.flatMap((values) => handle(pipeline, values)),
            Effect.provideService(Refresh, again),
            Effect.flatMap(setExitCode)
          )
        ).pipe(Command.withDescription(pipeline.description))
      ) as unknown as Subcommands
    )
  )

// @effect/cli wants a tuple of commands that it knows one by one; there is one for each file in pipelines/
// biome-ignore lint/suspicious/noExplicitAny: what they need is provided below, by `live`
type Subcommands = readonly [Command.Command<string, any, unknown, unknown>]

const setExitCode = (exitCode: number) =>
  Effect.sync(() => {
    process.exitCode = exitCode
  })

const runCommand = forEachPipeline("run", "Run a pipeline; what is cached is reused", (pipeline, values) =>
  Effect.gen(function* () {
    const events = yield* RunEvents
    const context = yield* Effect.context<Effect.Effect.Context<ReturnType<typeof tell>>>()
    const telling = {
      publish: (event: Parameters<typeof events.publish>[0]) =>
        Effect.zipRight(
          events.publish(event),
          event._tag === "RunFinished" ? Effect.provide(tell(event.record), context) : Effect.void
        )
    }
    return yield* Effect.provideService(run(pipeline, values), RunEvents, telling)
  })
)
const planCommand = forEachPipeline("plan", "Say what a run would do, and why", plan)
const silent = { publish: () => Effect.void }
const whyCommand = Command.make("why").pipe(
  Command.withDescription("Say why nodes run or are reused: why PIPELINE [NODE]"),
  Command.withSubcommands(
    pipelines.map((pipeline) =>
      Command.make(
        pipeline.name,
        { given: ParamOptions.optionsOf(pipeline), node: Args.text({ name: "node" }).pipe(Args.optional) },
        ({ given, node }) =>
          ParamOptions.decode(pipeline, given).pipe(
            Effect.flatMap((values) => why(pipeline, Option.getOrNull(node), values)),
            Effect.provideService(RunEvents, silent),
            Effect.flatMap(setExitCode)
          )
      ).pipe(Command.withDescription(pipeline.description))
    ) as unknown as Subcommands
  )
)
const inspectCommand = Command.make(
  "inspect",
  {
    what: Args.text({ name: "what" }).pipe(
      Args.withDescription("PIPELINE/NAME, RUN/NAME, or the beginning of a digest")
    )
  },
  ({ what }) => Effect.flatMap(inspect(all, what), setExitCode)
).pipe(Command.withDescription("Show an artifact, where it came from and who uses it"))
const listCommand = Command.make("list", {}, () => Effect.flatMap(list(all), setExitCode)).pipe(
  Command.withDescription("List pipelines, runs and what is cached")
)
const doctorCommand = Command.make("doctor", {}, () => Effect.flatMap(doctor, setExitCode)).pipe(
  Command.withDescription("Say what is and is not in order, and the fix")
)

const COMMANDS: ReadonlyArray<CommandLine.CommandShape> = [
  { name: "run", ofPipeline: true, args: [], flags: ["--refresh"] },
  { name: "plan", ofPipeline: true, args: [], flags: ["--refresh"] },
  { name: "why", ofPipeline: true, args: ["NODE"], flags: [] },
  { name: "inspect", ofPipeline: false, args: ["PIPELINE/NAME, RUN/NAME or the beginning of a digest"], flags: [] },
  { name: "list", ofPipeline: false, args: [], flags: [] },
  { name: "doctor", ofPipeline: false, args: [], flags: [] }
]

const app = Command.make("pipeline").pipe(
  Command.withDescription(
    "Pipelines of machine-learning experiments: what was computed once is not computed again. --json anywhere prints one JSON document."
  ),
  Command.withSubcommands([runCommand, planCommand, whyCommand, inspectCommand, listCommand, doctorCommand])
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
  return CommandLine.check(args, COMMANDS, all).pipe(
    Effect.zipRight(quietly(cli(["node", "pipeline", ...(args.length === 0 ? ["--help"] : args)]))),
    Effect.provide(live),
    Effect.catchAll(fail),
    Effect.catchAllDefect((defect) =>
      fail(new Bug({ what: defect instanceof Error ? defect.message : String(defect) }))
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
