import { Effect } from "effect"
import type { AnyPipeline } from "../engine/Pipeline.ts"
import type * as Run from "../engine/Run.ts"
import { RunEvents } from "../engine/RunEvent.ts"
import type { RunRecords } from "../engine/RunRecord.ts"
import { Refresh } from "../engine/Source.ts"
import type { Kinds } from "../kinds/Kinds.ts"
import type { Given as EveryProjects, Whole } from "../project/Project.ts"
import type * as Views from "../project/Views.ts"
import { nodesAsked } from "./address/node-address.ts"
import { exportTo } from "./artifact/export.ts"
import { inspect } from "./artifact/inspect.ts"
import {
  type Argument,
  type Command,
  type Flag,
  type Given,
  numberGiven,
  type Option,
  type Plain,
  textGiven,
  textsGiven
} from "./command/Command.ts"
import * as ParamOptions from "./command/param-options.ts"
import { compare } from "./compare/compare.ts"
import { doctor } from "./doctor/doctor.ts"
import { list } from "./list/list.ts"
import { report } from "./report/report-command.ts"
import { plan } from "./run/plan.ts"
import { run, tell } from "./run/run.ts"
import { why } from "./run/why.ts"
import { sweep } from "./sweep/sweep.ts"
import { pointsOf } from "./sweep/sweep-points.ts"
import type { Reporter } from "./terminal/Reporter.ts"

/** One of a project's pipelines, as its type tells what planning it needs. */
type Known<S> = AnyPipeline<unknown, S | EveryProjects>

/** A command that is carried out; what it provides itself may be among what the project needs. */
type Ran<S> = Effect.Effect<number, unknown, Needs | S>

type Files<S> = Omit<Whole<unknown, S>, "layer">

const plain = <E, R>(command: Omit<Plain<E, R>, "ofPipeline">): Plain<E, R> => ({ ...command, ofPipeline: false })

const none = { args: [], flags: [], options: [] }

const refresh: Flag = {
  name: "--refresh",
  description: "Look again for better editions of datasets and weights"
}

const again: Option = {
  name: "--again",
  value: "NODE",
  description: "A node that is computed although its result is kept, and what changes by it; repeat it for several",
  expected: "a node's name",
  example: "train",
  isRepeated: true
}

const until: Option = {
  name: "--until",
  value: "NODE",
  description:
    "A node that is enough: it and what it needs are carried out, and no other. A stage's name stands for its nodes; repeat it for several",
  expected: "a node's name",
  example: "extract-features",
  isRepeated: true
}

const asked = (pipeline: AnyPipeline, values: Readonly<Record<string, unknown>>, given: Given) =>
  nodesAsked(pipeline, values, { again: textsGiven(given, again), until: textsGiven(given, until) })

const runCommand = <S>(project: Files<S>) => ({
  ofPipeline: true as const,
  ...none,
  name: "run",
  description: "Run a pipeline; what is cached is reused",
  flags: [refresh],
  options: [again, until],
  run: (pipeline: Known<S>, given: Given): Ran<S> =>
    Effect.gen(function* () {
      const values = yield* ParamOptions.decode(pipeline, given.params)
      const nodes = yield* asked(pipeline, values, given)
      const events = yield* RunEvents
      const context = yield* Effect.context<Effect.Effect.Context<ReturnType<typeof tell>>>()
      const telling = {
        publish: (event: Parameters<typeof events.publish>[0]) =>
          Effect.zipRight(
            events.publish(event),
            event._tag === "RunFinished" ? Effect.provide(tell(project, event.record), context) : Effect.void
          )
      }
      return yield* Effect.provideService(run(pipeline, values, nodes), RunEvents, telling)
    }).pipe(Effect.provideService(Refresh, given.flags.has(refresh)))
})

const planCommand = <S>() => ({
  ofPipeline: true as const,
  ...none,
  name: "plan",
  description: "Say what a run would do, and why",
  flags: [refresh],
  options: [again, until],
  run: (pipeline: Known<S>, given: Given): Ran<S> =>
    Effect.gen(function* () {
      const values = yield* ParamOptions.decode(pipeline, given.params)
      return yield* plan(pipeline, values, yield* asked(pipeline, values, given))
    }).pipe(Effect.provideService(Refresh, given.flags.has(refresh)))
})

const whyCommand = <S>() => ({
  ofPipeline: true as const,
  ...none,
  name: "why",
  description: "Say why nodes run or are reused",
  args: [{ name: "NODE", description: "A node, as plan names it; all of them where none is named", isOptional: true }],
  run: (pipeline: Known<S>, { args, params }: Given): Ran<S> =>
    ParamOptions.decode(pipeline, params).pipe(
      Effect.flatMap((values) => why(pipeline, args[0] ?? null, values)),
      Effect.provideService(RunEvents, { publish: () => Effect.void })
    )
})

const over: Option = {
  name: "--over",
  value: "PARAMETER=VALUES",
  description:
    "A parameter and its values: units=64,128 or a range, learning-rate=log(1e-4,1e-1,8), linear(FROM,TO,COUNT), int(FROM,TO,COUNT); several are combined",
  expected: "a parameter and its values",
  example: "learning-rate=1e-4,1e-3",
  isRepeated: true
}
const counted = (name: string, description: string, example: string): Option => ({
  name,
  value: "N",
  description,
  expected: "a whole number from 1",
  example,
  isWhole: true
})
const random = counted(
  "--random",
  "Draw so many points at random from the values and ranges, instead of every combination",
  "20"
)
const seeds = counted("--seeds", "Every point with so many seeds, from 0", "3")
const jobs = counted("--jobs", "Points computed side by side; as many as cores by default", "2")

const sweepCommand = <S>() => ({
  ofPipeline: true as const,
  ...none,
  name: "sweep",
  description: "Run a pipeline at many points of its parameters; what they share is computed once",
  flags: [refresh],
  options: [over, random, seeds, jobs],
  run: (pipeline: Known<S>, given: Given): Ran<S> =>
    Effect.gen(function* () {
      const side = numberGiven(given, jobs)
      const points = yield* pointsOf(pipeline, {
        over: textsGiven(given, over),
        shared: yield* ParamOptions.given(pipeline, given.params),
        random: numberGiven(given, random),
        seeds: numberGiven(given, seeds),
        jobs: side
      })
      return yield* sweep(pipeline, points, side)
    }).pipe(Effect.provideService(Refresh, given.flags.has(refresh)))
})

const address: Argument = {
  name: "ADDRESS",
  description: "PIPELINE/NAME, RUN/NAME or the beginning of a digest"
}

const inspectCommand = <S>(project: Files<S>) =>
  plain({
    ...none,
    name: "inspect",
    description: "Show an artifact, where it came from and who uses it",
    args: [address],
    run: ({ args: [what = ""] }) => inspect(project.pipelines, what)
  })

const toFolder: Option = {
  name: "--to",
  value: "FOLDER",
  description: "The folder to write: new, empty, or that of an earlier export",
  expected: "a folder to write",
  example: "exported",
  isNeeded: true
}
const exportCommand = <S>(project: Files<S>) =>
  plain({
    ...none,
    name: "export",
    description: "Write an artifact for other programs: a model for TensorFlow.js and Keras",
    args: [address],
    options: [toFolder],
    run: (given) => exportTo(project.pipelines, given.args[0] ?? "", textGiven(given, toFolder) ?? "")
  })

const toFile: Option = {
  name: "--to",
  value: "FILE",
  description: "The file to write, instead of report.html beside the run's results or record",
  expected: "the file to write",
  example: "report.html"
}
const reportCommand = <S>(project: Files<S>) =>
  plain({
    ...none,
    name: "report",
    description: "Make the report of a run again, as one HTML file",
    args: [{ name: "RUN", description: "a run's id or a pipeline's name" }],
    options: [toFile],
    run: (given) => report(project, given.args[0] ?? "", textGiven(given, toFile))
  })

const last: Option = {
  name: "--last",
  value: "N",
  description: "How many of the pipeline's finished runs, the newest",
  expected: "a whole number from 2",
  example: "5"
}
const compareCommand = <S>(project: Files<S>) =>
  plain({
    ...none,
    name: "compare",
    description: "Compare runs: what differs, how well each does, their curves in one figure",
    args: [{ name: "RUN", description: "two runs or more, or a pipeline's name and --last N", isRepeated: true }],
    options: [last],
    run: (given) => compare(project, given.args, textGiven(given, last))
  })

const listCommand = <S>(project: Files<S>) =>
  plain({
    ...none,
    name: "list",
    description: "List pipelines, runs and what is cached",
    args: [{ name: "PIPELINE", description: "One of them, with its parameters and nodes", isOptional: true }],
    run: ({ args }) => list(project, args[0] ?? null)
  })
const doctorCommand = <S>(project: Files<S>) =>
  plain({
    ...none,
    name: "doctor",
    description: "Say what is and is not in order, and the fix",
    needsNoStore: true,
    run: () => doctor(project.checks)
  })

/** What commands need beside what plans a project. */
type Needs = Run.Needs | RunRecords | Kinds | Views.Current | Reporter | EveryProjects

/** The commands of a project. */
export const commandsOf = <R, S>(project: Whole<R, S>): ReadonlyArray<Command<Known<S>, unknown, Needs | S>> => [
  runCommand(project),
  planCommand<S>(),
  whyCommand<S>(),
  sweepCommand<S>(),
  inspectCommand(project),
  exportCommand(project),
  reportCommand(project),
  compareCommand(project),
  listCommand(project),
  doctorCommand(project)
]
