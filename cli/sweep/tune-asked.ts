import { Effect } from "effect"
import * as Goal from "../../engine/Goal.ts"
import type * as Graph from "../../engine/Graph.ts"
import type * as Param from "../../engine/Param.ts"
import type * as Pipeline from "../../engine/Pipeline.ts"
import type { TuneRecord } from "../../engine/RunRecord.ts"
import * as Until from "../../engine/Until.ts"
import type { Flag } from "../command/Command.ts"
import { optionName } from "../command/option-text.ts"
import { UsageInvalid, unknown } from "../command/Usage.ts"
import type { Axis } from "./axes.ts"

export const onTest: Flag = {
  name: "--choose-on-test",
  description: "Choose on the test images after all, of whose number nothing can then be believed"
}

export type Strategy = TuneRecord["asked"]["strategy"]
const STRATEGIES: ReadonlyArray<Strategy> = ["halving", "random", "grid"]
const isStrategy = (text: string): text is Strategy => STRATEGIES.some((each) => each === text)

const USUAL_METRIC = "validationAccuracy"

/** What is asked for by `--goal`, and the number that it names. */
export const goalOf = (graph: Graph.Graph, text: string | null) =>
  Effect.gen(function* () {
    const all = Goal.metricsOf(graph)
    const names = all.map((metric) => Goal.nameOf(metric, all))
    if (names.length === 0)
      return yield* new UsageInvalid({
        what: `The results of ${graph.pipeline} have no number to choose by`,
        expected: "a document with a number among them",
        fix: "Let a stage give one, such as the error on examples that it did not learn from."
      })
    const [, direction, metric = ""] = /^(max|min):(.+)$/.exec(text ?? `max:${USUAL_METRIC}`) ?? []
    const example = `max:${names.includes(USUAL_METRIC) ? USUAL_METRIC : names[0]}`
    if (direction === undefined)
      return yield* new UsageInvalid({
        what: `--goal ${text} does not say what is best`,
        expected: `max: or min: and one of ${names.join(", ")}`,
        fix: `Try --goal ${example}.`
      })
    const found = Goal.find(all, metric)
    if (found === null) return yield* unknown("number", metric, names, `Try --goal ${example}.`, graph.pipeline)
    return { goal: { direction: direction as "max" | "min", metric }, metric: found }
  })

/** The pipeline's parameter that counts the steps on the way to a number; null where nothing iterates, or each its own. */
export const stepsOf = (graph: Graph.Graph, { node }: Goal.Metric, params: Param.Params): string | null => {
  const names = Until.part(graph, new Set([node])).stages.flatMap(({ node: { definition, given } }) => {
    const { iterates } = definition
    return iterates === null || !(iterates.steps in given) || !(iterates.steps in params) ? [] : [iterates.steps]
  })
  const [only = null, ...others] = new Set(names)
  return others.length === 0 ? only : null
}

interface Choosing {
  readonly pipeline: Pipeline.AnyPipeline
  readonly axes: ReadonlyArray<Axis>
  readonly values: Readonly<Record<string, unknown>>
  readonly metric: Goal.Metric
  readonly steps: string | null
  readonly strategy: Strategy
}

/** Refuses what would choose among numbers that say nothing of which is better. */
export const checked = ({ pipeline, axes, values, metric, steps, strategy }: Choosing, isOnTest: boolean) =>
  Effect.gen(function* () {
    const names = axes.map(({ name }) => name)
    for (const name of names) {
      const why = pipeline.params[name]?.incomparable
      if (why !== undefined)
        return yield* new UsageInvalid({
          what: `Trials that differ in ${name} are not comparable: ${why}`,
          expected: "parameters of how something is made, not of what it is measured on",
          fix: `Leave --over ${optionName(name)} out, and tune at each of its values.`
        })
    }
    if (steps !== null && strategy === "halving" && names.includes(steps))
      return yield* new UsageInvalid({
        what: `--over ${optionName(steps)} varies what halving itself decides`,
        expected: `--${optionName(steps)} N: what the best trials get`,
        fix: `Leave it out, or take --strategy random.`
      })
    if (isOnTest) return
    const reasons = [
      ...(/^test/i.test(metric.field) ? [`${metric.field} is a number of the test images`] : []),
      ...Object.entries(pipeline.params).flatMap(([name, { unfit }]) => {
        const why = unfit?.(values[name]) ?? null
        return why === null ? [] : [`with --${optionName(name)} ${values[name]} ${why}`]
      })
    ]
    const [reason] = reasons
    if (reason !== undefined)
      return yield* new UsageInvalid({
        what: `The trials would be chosen on the test set: ${reason}`,
        expected:
          "a number of images that are held out: the best of many numbers is too good, and none would be left to tell by how much",
        fix: `Leave it out; or say it a second time, by ${onTest.name}.`
      })
  })

/** How trials are carried out: as it was asked for, or as it pays. */
export const strategyOf = (text: string | null, steps: string | null): Effect.Effect<Strategy, UsageInvalid> =>
  Effect.gen(function* () {
    if (text === null) return steps === null ? "random" : "halving"
    if (!isStrategy(text)) return yield* unknown("strategy", text, STRATEGIES, "Try --strategy halving.")
    if (text === "halving" && steps === null)
      return yield* new UsageInvalid({
        what: "--strategy halving has nothing to halve: no stage on the way to the goal takes steps that a parameter counts",
        expected: "a stage that iterates, such as one that trains for --epochs",
        fix: "Take --strategy random."
      })
    return text
  })
