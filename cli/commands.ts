import { Args, Command, Options } from "@effect/cli"
import { Effect, Option } from "effect"
import type { AnyPipeline } from "../engine/Pipeline.ts"
import { RunEvents } from "../engine/RunEvent.ts"
import { Refresh } from "../engine/Source.ts"
import { pipelines } from "../worker/registry.ts"
import type * as CommandLine from "./command-line.ts"
import { doctor } from "./doctor.ts"
import { exportTo } from "./export.ts"
import { inspect } from "./inspect.ts"
import * as KeptRuns from "./kept-runs.ts"
import { list } from "./list.ts"
import { nodesNamed } from "./node-address.ts"
import * as ParamOptions from "./param-options.ts"
import { plan } from "./plan.ts"
import { run, tell } from "./run.ts"
import { sweep } from "./sweep.ts"
import { pointsOf } from "./sweep-points.ts"
import { why } from "./why.ts"

export const all: ReadonlyArray<AnyPipeline> = pipelines

const refresh = Options.boolean("refresh").pipe(
  Options.withDescription("Look again for better editions of datasets and weights")
)
const again = Options.text("again").pipe(
  Options.withDescription(
    "A node that is computed although its result is kept, and what changes by it; repeat it for several"
  ),
  Options.repeated
)
const offered = pipelines.map((pipeline) => ({ pipeline, given: ParamOptions.optionsOf(pipeline) }))

/** A subcommand a pipeline, with its parameters as options beside the command's own. */
const forEachPipeline = <N extends string, C extends Command.Command.Config, E, R>(
  name: N,
  description: string,
  own: C,
  handle: (
    pipeline: (typeof pipelines)[number],
    given: ParamOptions.Texts,
    own: Command.Command.ParseConfig<C>
  ) => Effect.Effect<number, E, R>
) =>
  Command.make(name).pipe(
    Command.withDescription(description),
    Command.withSubcommands(
      offered.map(({ pipeline, given }) =>
        Command.make(pipeline.name, { given, own }, ({ given, own }) =>
          Effect.flatMap(handle(pipeline, given, own as Command.Command.ParseConfig<C>), setExitCode)
        ).pipe(Command.withDescription(pipeline.description))
      ) as unknown as Subcommands
    )
  )

// @effect/cli wants a tuple of commands that it knows one by one; there is one for each file in pipelines/
// biome-ignore lint/suspicious/noExplicitAny: what they need is provided below, by `live`
type Subcommands = readonly [Command.Command<string, any, unknown, unknown>]

export const setExitCode = (exitCode: number) =>
  Effect.sync(() => {
    process.exitCode = exitCode
  })

const runCommand = forEachPipeline(
  "run",
  "Run a pipeline; what is cached is reused",
  { refresh, again },
  (pipeline, given, own) =>
    Effect.gen(function* () {
      const values = yield* ParamOptions.decode(pipeline, given)
      const nodes = yield* nodesNamed(pipeline, values, own.again)
      const events = yield* RunEvents
      const context = yield* Effect.context<Effect.Effect.Context<ReturnType<typeof tell>>>()
      const telling = {
        publish: (event: Parameters<typeof events.publish>[0]) =>
          Effect.zipRight(
            events.publish(event),
            event._tag === "RunFinished" ? Effect.provide(tell(all, event.record), context) : Effect.void
          )
      }
      return yield* Effect.provideService(run(pipeline, values, nodes), RunEvents, telling)
    }).pipe(Effect.provideService(Refresh, own.refresh))
)
const sweepOptions = {
  over: Options.text("over").pipe(
    Options.withDescription(
      "A parameter and its values: units=64,128 or learning-rate=log(1e-4,1e-1,8), int(FROM,TO,COUNT), linear(…); repeat it to combine"
    ),
    Options.repeated
  ),
  random: Options.integer("random").pipe(
    Options.withDescription("Draw so many points at random from the values and ranges, instead of every combination"),
    Options.optional
  ),
  seeds: Options.integer("seeds").pipe(
    Options.withDescription("Every point with so many seeds, from 0"),
    Options.optional
  ),
  jobs: Options.integer("jobs").pipe(Options.withDescription("Points computed side by side"), Options.optional)
}
const sweepCommand = forEachPipeline(
  "sweep",
  "Run a pipeline at many points of its parameters; what they share is computed once",
  { refresh, ...sweepOptions },
  (pipeline, given, own) =>
    Effect.gen(function* () {
      const shared = yield* ParamOptions.given(pipeline, given)
      const jobs = Option.getOrNull(own.jobs)
      const [random, seeds] = [Option.getOrNull(own.random), Option.getOrNull(own.seeds)]
      return yield* sweep(pipeline, yield* pointsOf(pipeline, { over: own.over, shared, random, seeds, jobs }), jobs)
    }).pipe(Effect.provideService(Refresh, own.refresh))
)
const planCommand = forEachPipeline(
  "plan",
  "Say what a run would do, and why",
  { refresh, again },
  (pipeline, given, own) =>
    Effect.gen(function* () {
      const values = yield* ParamOptions.decode(pipeline, given)
      return yield* plan(pipeline, values, yield* nodesNamed(pipeline, values, own.again))
    }).pipe(Effect.provideService(Refresh, own.refresh))
)
const whyCommand = forEachPipeline(
  "why",
  "Say why nodes run or are reused: why PIPELINE [NODE]",
  { node: Args.text({ name: "node" }).pipe(Args.optional) },
  (pipeline, given, { node }) =>
    ParamOptions.decode(pipeline, given).pipe(
      Effect.flatMap((values) => why(pipeline, Option.getOrNull(node), values)),
      Effect.provideService(RunEvents, { publish: () => Effect.void })
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
const exportCommand = Command.make(
  "export",
  {
    what: Args.text({ name: "what" }).pipe(
      Args.withDescription("PIPELINE/NAME, RUN/NAME, or the beginning of a digest")
    ),
    to: Options.text("to").pipe(
      Options.withDescription("The folder to write: new, empty, or that of an earlier export")
    )
  },
  ({ what, to }) => Effect.flatMap(exportTo(all, what, to), setExitCode)
).pipe(Command.withDescription("Write an artifact for other programs: a model for TensorFlow.js and Keras"))
const listCommand = Command.make("list", {}, () => Effect.flatMap(list(all), setExitCode)).pipe(
  Command.withDescription("List pipelines, runs and what is cached")
)
const doctorCommand = Command.make("doctor", {}, () => Effect.flatMap(doctor, setExitCode)).pipe(
  Command.withDescription("Say what is and is not in order, and the fix")
)

const whole = (name: string, example: string): CommandLine.OptionShape => ({
  name,
  value: "a whole number from 1",
  example,
  isRepeated: false
})
const over = {
  name: "--over",
  value: "a parameter and its values",
  example: "learning-rate=1e-4,1e-3",
  isRepeated: true
}
const ofNode = { name: "--again", value: "a node's name", example: "train", isRepeated: true }
const sweeping = [over, whole("--random", "20"), whole("--seeds", "3"), whole("--jobs", "2")]
const to = { name: "--to", value: "a folder to write", example: "exported", isRepeated: false, isNeeded: true }
const address = "PIPELINE/NAME, RUN/NAME or the beginning of a digest"
const none = { args: [], flags: [], options: [] }

/** What may follow each command: looked at before the parser, which says less of what is wrong. */
export const shapes: ReadonlyArray<CommandLine.CommandShape> = [
  { ...none, name: "run", ofPipeline: true, flags: ["--refresh"], options: [ofNode] },
  { ...none, name: "plan", ofPipeline: true, flags: ["--refresh"], options: [ofNode] },
  { ...none, name: "why", ofPipeline: true, args: ["NODE"] },
  { ...none, name: "sweep", ofPipeline: true, flags: ["--refresh"], options: sweeping },
  { ...none, name: "inspect", ofPipeline: false, args: [address] },
  { ...none, name: "export", ofPipeline: false, args: [address], options: [to] },
  ...KeptRuns.shapes,
  { ...none, name: "list", ofPipeline: false },
  { ...none, name: "doctor", ofPipeline: false }
]

export const app = Command.make("pipeline").pipe(
  Command.withDescription(
    "Pipelines of machine-learning experiments: what was computed once is not computed again. --json anywhere prints one JSON document."
  ),
  Command.withSubcommands([
    runCommand,
    planCommand,
    whyCommand,
    sweepCommand,
    inspectCommand,
    exportCommand,
    ...KeptRuns.commands(all, setExitCode),
    listCommand,
    doctorCommand
  ])
)
