import * as path from "node:path"
import { Effect, Layer, Logger, LogLevel, Schema } from "effect"
import { givenAt } from "../api/given.ts"
import * as Explained from "../artifacts/Explained.ts"
import * as Masked from "../artifacts/Masked.ts"
import * as OpenFiles from "../artifacts/OpenFiles.ts"
import * as Disk from "../cache/disk.ts"
import * as LeaseDisk from "../cache/lease-disk.ts"
import { inProject, inRepository, type Made, Release } from "../cache/Release.ts"
import * as StoreFormat from "../cache/StoreFormat.ts"
import * as StoreListener from "../cache/StoreListener.ts"
import { tidyAfter } from "../cache/tidy.ts"
import * as Using from "../cache/Using.ts"
import * as Code from "../engine/Code.ts"
import * as Environment from "../engine/Environment.ts"
import { ExecutorAt } from "../engine/Executor.ts"
import * as WorkerExecutor from "../engine/executor-worker.ts"
import * as Basis from "../engine/Kind.ts"
import * as Machine from "../engine/Machine.ts"
import { DefinitionInvalid } from "../engine/Param.ts"
import * as Revision from "../engine/Revision.ts"
import { RunRecords } from "../engine/RunRecord.ts"
import * as RevisionGit from "../engine/revision-git.ts"
import * as RunRecordDisk from "../engine/run-record-disk.ts"
import * as SourceFilesDisk from "../files/source-files-disk.ts"
import { Kinds } from "../kinds/Kinds.ts"
import type { Place } from "../project/Place.ts"
import type { Whole } from "../project/Project.ts"
import * as Views from "../project/Views.ts"
import * as BuildCode from "../worker/build-code.ts"
import { workerEnvironment } from "../worker/environment.ts"
import type { Ran, Shape } from "./command/Command.ts"
import * as CommandLine from "./command/command-line.ts"
import { help } from "./command/help.ts"
import { sentence, toldOf } from "./command/option-text.ts"
import { PageFiles } from "./command/PageFiles.ts"
import { UsageInvalid } from "./command/Usage.ts"
import { commandsOf } from "./commands.ts"
import { type LastWrites, lastWrites, runToEnd } from "./process-end.ts"
import * as AskedRemote from "./remote/asked-remote.ts"
import * as Stores from "./remote/Stores.ts"
import * as ResultsWriter from "./results/results-writer.ts"
import * as RunEventsReporter from "./run/run-events.ts"
import * as Reporter from "./terminal/Reporter.ts"

/** Given by the launcher: where the project and its build lie. */
export interface Launched {
  readonly root: string
  readonly build: string
  /** Whether the project is the program's own repository. */
  readonly isProgram: boolean
  /** Makes what worker processes start from anew where it is damaged. */
  readonly mendWorkers: () => Promise<void>
  /** The files of the page that `pipeline ui` serves, by their names. */
  readonly page: () => Promise<ReadonlyMap<string, Uint8Array>>
}

// a variable that is empty counts as not set: it would name the current folder
const placeOf = ({ root, build }: Launched): typeof Place.Service => ({
  root,
  build,
  workingDirectory: process.cwd(),
  home: path.resolve(process.env.PIPELINE_HOME || path.join(root, ".pipeline")),
  results: path.resolve(process.env.PIPELINE_RESULTS || path.join(root, "results"))
})

/** Where nodes are computed: processes of the program that was built with this one. */
const workersIn = (
  { root, build, home }: typeof Place.Service,
  prepare: Effect.Effect<void>,
  exported: Code.Exported,
  remote: () => Readonly<Record<string, string | undefined>>
) => {
  const codeFile = path.join(build, "code.json")
  const declared = new Set(
    Code.definitionsIn(exported).flatMap(({ environment, secrets }) => [...environment, ...secrets])
  )
  return Layer.unwrapEffect(
    Effect.map(Machine.threads, (threads) =>
      WorkerExecutor.layerWorkerProcess({
        start: path.join(build, "start.mjs"),
        entry: path.join(build, "worker.mjs"),
        prepare,
        threads,
        env: (settings) => ({
          ...workerEnvironment({ own: process.env, declared, root, home, codeFile, ...settings }),
          ...remote()
        })
      })
    )
  )
}

/** All that commands need: what is the same everywhere, and what plans this project. */
const liveOf = <R, S>(
  project: Whole<R, S>,
  place: typeof Place.Service,
  prepare: Effect.Effect<void>,
  writes: LastWrites,
  stores: Stores.Stores
) => {
  const { home, build } = place
  const records = Layer.effect(
    RunRecords,
    Effect.map(RunRecords, (kept) => ({ ...kept, put: (record) => writes.during(kept.put(record)) }))
  ).pipe(Layer.provide(RunRecordDisk.layerDisk(home)))
  return Layer.mergeAll(
    RunEventsReporter.layer,
    ResultsWriter.layer,
    project.planning,
    SourceFilesDisk.layerDisk(home)
  ).pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        givenAt(place),
        Layer.succeed(Revision.CurrentRevision, RevisionGit.revisionOf(place.root)),
        Layer.succeed(Views.Current, project.views),
        Layer.succeed(Basis.Kinds, project.kinds),
        Layer.succeed(Kinds, project.kinds),
        stores.layer,
        Layer.succeed(Stores.CurrentShared, stores.shared),
        Layer.succeed(Stores.CurrentCommon, stores.common),
        Layer.provideMerge(Using.leases, Layer.mergeAll(LeaseDisk.layerDisk(home), stores.using)),
        records,
        workersIn(place, prepare, project.exported, stores.forWorker),
        Layer.succeed(ExecutorAt, (home) => workersIn({ ...place, home }, prepare, project.exported, () => ({}))),
        BuildCode.layer(path.join(build, "code.json"), project.exported)
      )
    )
  )
}

const isUsage = (error: unknown): boolean =>
  ["UsageInvalid", "ParamInvalid", "ThreadsInvalid"].includes((error as { readonly _tag?: string })._tag ?? "")

const errorLogger = Logger.map(Logger.logfmtLogger, (text) => void process.stderr.write(`${Masked.urls(text)}\n`))

/** Variables by which Headrace itself is told what nobody else may know. */
const OWN_SECRETS = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "PIPELINE_KEY", "PIPELINE_REDIS_PASSWORD"]

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

/** Whether a command puts results into the store, as somebody types it: what programs start by the thousand leaves it to that. */
const isWriting = ({ computes, remote }: Shape): boolean => computes === true || remote === "read"

/** Results that are computed are asked for by leases; those that come otherwise, nobody counts. */
const tidying = ({ computes }: Shape, { home }: typeof Place.Service, { using }: Stores.Stores) =>
  Effect.flatMap(Using.Using, ({ hasWritten }) => hasWritten).pipe(
    Effect.provide(using),
    Effect.flatMap((hasWritten) => tidyAfter(home, hasWritten || computes !== true))
  )

const carryOut = <R, S>(
  args: ReadonlyArray<string>,
  project: Whole<R, S>,
  place: typeof Place.Service,
  prepare: Effect.Effect<void>,
  writes: LastWrites
) =>
  Effect.gen(function* () {
    const { print, document, width } = yield* Reporter.Reporter
    const answer = (text: string) => Effect.zipRight(print(text), document({ schema: 1, status: "done", text }))
    const carried = (run: Ran<S>, stores: Stores.Stores) =>
      Effect.flatMap(Effect.provide(run, liveOf(project, place, prepare, writes, stores)), setExitCode)
    const commands = commandsOf(project)
    const { args: rest, mode } = yield* AskedRemote.split(args)
    const asked = yield* CommandLine.read(rest, commands, project.pipelines)
    switch (asked._tag) {
      case "Version":
        return yield* answer((yield* Release).version)
      case "Help":
        return yield* answer(help(commands, project, asked.command, asked.pipeline, width))
      case "Run": {
        const { command, run } = asked
        if (command.needsNoStore === true) return yield* carried(run, yield* Stores.own(place))
        yield* StoreFormat.check(place.home)
        if (isWriting(command)) yield* Disk.clearFolders(place.home)
        const stores = yield* Stores.make(process.env, yield* AskedRemote.modeFor(command, mode), place)
        yield* carried(command.computes === true ? stores.sharing(run) : run, stores)
        // the work is done, and its results are kept: no housekeeping makes a failure of it
        if (isWriting(command)) yield* Effect.ignore(Effect.sandbox(tidying(command, place, stores)))
        return
      }
    }
  }).pipe(Effect.scoped)

const told = <E, R>(work: Effect.Effect<void, E, R>, reporter: typeof Reporter.Reporter.Service, made: Made) =>
  work.pipe(
    Effect.catchAll(fail),
    // thrown where a pipeline is built of parameters, which is no effect
    Effect.catchAllDefect((defect) =>
      fail(
        defect instanceof DefinitionInvalid
          ? defect
          : (OpenFiles.thrown(defect) ?? new Bug({ what: defect instanceof Error ? defect.message : String(defect) }))
      )
    ),
    Effect.onInterrupt(() => reporter.document(INTERRUPTED)),
    Effect.provideService(Reporter.Reporter, reporter),
    // worker processes meet the same store, and each tells of it
    Effect.provideService(
      StoreListener.StoreListener,
      StoreListener.once((message) => reporter.note(`warning: ${message}`))
    ),
    Effect.provideService(Release, made),
    // the default logger writes to stdout, which belongs to the answer
    Effect.provide(Logger.replace(Logger.defaultLogger, errorLogger)),
    // a worker's death is told by its node; the library's own warning of it says less
    Logger.withMinimumLogLevel(LogLevel.Error)
  )

/** The command line of a project; the build calls it with what its files hold. */
export const main = <R, S>(project: Whole<R, S>, launched: Launched): void => {
  const argv = process.argv.slice(2)
  const place = placeOf(launched)
  // who can't build tells of it where the worker does not start
  const prepare = Effect.ignore(Effect.tryPromise(launched.mendWorkers))
  const secrets = Code.definitionsIn(project.exported).flatMap((definition) => definition.secrets)
  const mask = Environment.maskedAnywhere([...secrets, ...OWN_SECRETS], process.env)
  const page = Effect.tryPromise({
    try: launched.page,
    catch: (cause) => (cause instanceof Error ? cause : new Error(String(cause)))
  })
  const reporter = Reporter.make(argv.includes("--json"), mask)
  const writes = lastWrites()
  const args = argv.filter((arg) => arg !== "--json")
  runToEnd(
    told(
      Effect.provideService(carryOut(args, project, place, prepare, writes), PageFiles, page),
      reporter,
      launched.isProgram ? inRepository : inProject
    ),
    () => reporter.lastDocument(INTERRUPTED),
    writes.isWriting
  )
}
