import type { AnyPipeline } from "../../engine/Pipeline.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import type { Asked, RunRecord, TuneRecord } from "../../engine/RunRecord.ts"
import { optionWords, shellWord } from "./option-text.ts"

/** The parameters as they are when nobody gives them, encoded. */
export const defaultsOf = (pipeline: AnyPipeline): Readonly<Record<string, unknown>> =>
  Pipeline.encodeParams(pipeline, Pipeline.defaults(pipeline.params))

export const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

type Encoded = Readonly<Record<string, unknown>>

/** Parameters as options, defaults left out; null where the pipeline does not know one of them any more. */
const optionsOf = (pipeline: AnyPipeline, params: Encoded): ReadonlyArray<string> | null => {
  const defaults = defaultsOf(pipeline)
  if (Object.keys(params).some((name) => !(name in defaults))) return null
  return Object.entries(params).flatMap(([name, value]) =>
    isSame(value, defaults[name]) ? [] : optionWords(name, value)
  )
}

/** The command that runs the pipeline with these parameters; null where the pipeline does not know one of them any more. */
export const commandOf = (pipeline: AnyPipeline, params: Encoded): string | null => {
  const options = optionsOf(pipeline, params)
  return options === null ? null : ["npx pipeline run", pipeline.name, ...options].join(" ")
}

/** The command of a sweep whose points share these parameters. */
const sweepCommandOf = (pipeline: AnyPipeline, shared: Encoded, asked: Asked | undefined): string | null => {
  const options = optionsOf(pipeline, shared)
  if (options === null || asked === undefined) return null
  const numbers = [
    ["--random", asked.random],
    ["--seeds", asked.seeds]
  ] as const
  return [
    "npx pipeline sweep",
    pipeline.name,
    ...options,
    ...asked.over.flatMap((text) => ["--over", shellWord(text)]),
    ...numbers.flatMap(([option, count]) => (count === null ? [] : [option, String(count)]))
  ].join(" ")
}

/** The command of a tune whose trials share these parameters. */
const tuneCommandOf = (
  pipeline: AnyPipeline,
  shared: Encoded,
  { goal, asked, steps, rungs }: TuneRecord
): string | null => {
  const options = optionsOf(pipeline, steps === null ? shared : { ...shared, [steps]: rungs.at(-1) })
  if (options === null) return null
  const { strategy, trials, budget, draw } = asked
  const others = [
    ["--trials", trials],
    ["--budget", budget],
    ["--draw", draw === 0 ? null : draw]
  ] as const
  return [
    "npx pipeline tune",
    pipeline.name,
    ...options,
    ...asked.over.flatMap((text) => ["--over", shellWord(text)]),
    ...others.flatMap(([option, value]) => (value === null ? [] : [option, shellWord(String(value))])),
    ...["--goal", `${goal.direction}:${goal.metric}`, "--strategy", strategy]
  ].join(" ")
}

/** The command that a run, a sweep or a tune was; null also for a sweep whose record does not say how it was asked for. */
export const commandOfRecord = (
  pipeline: AnyPipeline,
  { params, sweep, tune, until = [] }: Pick<RunRecord, "params" | "sweep" | "tune" | "until">
): string | null => {
  const command =
    tune !== undefined
      ? tuneCommandOf(pipeline, params, tune)
      : sweep === undefined
        ? commandOf(pipeline, params)
        : sweepCommandOf(pipeline, params, sweep.asked)
  return command === null ? null : [command, ...until.flatMap((node) => ["--until", shellWord(node)])].join(" ")
}
