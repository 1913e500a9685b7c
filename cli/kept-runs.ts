import { Args, Command, Options } from "@effect/cli"
import { Effect, Option } from "effect"
import type { AnyPipeline } from "../engine/Pipeline.ts"
import type * as CommandLine from "./command-line.ts"
import { compare } from "./compare.ts"
import { report } from "./report.ts"

/** The commands about runs that are over, as `check` knows them. */
export const shapes: ReadonlyArray<CommandLine.CommandShape> = [
  {
    name: "report",
    ofPipeline: false,
    args: ["a run's id or a pipeline's name"],
    flags: [],
    options: [{ name: "--to", value: "the file to write", example: "report.html", isRepeated: false }]
  },
  {
    name: "compare",
    ofPipeline: false,
    args: ["two runs or more, or a pipeline's name and --last N"],
    many: true,
    flags: [],
    options: [{ name: "--last", value: "a whole number from 2", example: "5", isRepeated: false }]
  }
]

/** The commands about runs that are over: their exit codes go to `end`. */
export const commands = <E, R>(
  all: ReadonlyArray<AnyPipeline>,
  end: (exitCode: number) => Effect.Effect<void, E, R>
) => {
  const reportCommand = Command.make(
    "report",
    {
      what: Args.text({ name: "run" }).pipe(
        Args.withDescription("A run's id, or a pipeline's name for its newest run")
      ),
      to: Options.text("to").pipe(Options.withDescription("The file to write"), Options.optional)
    },
    ({ what, to }) => Effect.flatMap(report(all, what, Option.getOrNull(to)), end)
  ).pipe(Command.withDescription("Make the report of a run again, as one HTML file"))
  const compareCommand = Command.make(
    "compare",
    {
      runs: Args.text({ name: "run" }).pipe(
        Args.withDescription("Runs' ids, or a pipeline's name with --last"),
        Args.repeated
      ),
      last: Options.text("last").pipe(
        Options.withDescription("How many of the pipeline's finished runs, the newest"),
        Options.optional
      )
    },
    ({ runs, last }) => Effect.flatMap(compare(all, runs, Option.getOrNull(last)), end)
  ).pipe(Command.withDescription("Compare runs: what differs, how well each does, their curves in one figure"))

  return [reportCommand, compareCommand] as const
}
