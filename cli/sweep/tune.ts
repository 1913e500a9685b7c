import { Effect } from "effect"
import type { Goal } from "../../engine/Goal.ts"
import * as Halving from "../../engine/Halving.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import { RunEvents } from "../../engine/RunEvent.ts"
import * as Tune from "../../engine/Tune.ts"
import { formatSeconds } from "../../kinds/format.ts"
import { notHere, on, onMachines, slurmOptions } from "../cluster/on.ts"
import {
  type Command,
  numberGiven,
  type Option,
  ofPipeline,
  type Project,
  textGiven,
  textsGiven
} from "../command/Command.ts"
import * as ParamOptions from "../command/param-options.ts"
import { UsageInvalid } from "../command/Usage.ts"
import { flags, refreshing } from "../run/asked.ts"
import { carryOut } from "../run/carry-out.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { type Axis, axesOf, type Encoded, textsOf } from "./axes.ts"
import { counted, ELSEWHERE, miscounted } from "./counted.ts"
import { checked, goalOf, onTest, type Strategy, stepsOf, strategyOf } from "./tune-asked.ts"
import { affordable, type Budget, budgetOf, costText, MOST_TRIALS } from "./tune-budget.ts"
import { likely, likelyText } from "./tune-cost.ts"
import { tuneEvents } from "./tune-events.ts"
import { tell } from "./tune-told.ts"
import { sizeOf, trialsOf } from "./tune-trials.ts"

const over: Option = {
  name: "--over",
  value: "PARAMETER=VALUES",
  description:
    "A parameter and what to choose from: units=64,128 or a range, learning-rate=log(1e-4,1e-1), linear(FROM,TO), int(FROM,TO); repeat it for several",
  expected: "a parameter and its values or range",
  example: "learning-rate=log(1e-4,1e-1)",
  isRepeated: true
}
const trialsOption = counted("--trials", "So many trials; 18, or as many as the budget allows", "50")
const budgetOption: Option = {
  name: "--budget",
  value: "AMOUNT",
  description:
    "What all trials may take: a time of this machine (30m, 2h), steps of training (200epochs) or trials (50trials)",
  expected: "a time, steps or trials",
  example: "30m"
}
const goalOption: Option = {
  name: "--goal",
  value: "max:NAME",
  description:
    "The number of the results that is to be largest, or with min: smallest; max:validationAccuracy by default",
  expected: "max: or min: and the name of a number",
  example: "max:validationAccuracy"
}
const strategyOption: Option = {
  name: "--strategy",
  value: "NAME",
  description:
    "halving, the default where something iterates: a few steps of many trials, more of the best, later ones where most is expected; random and grid: each takes all",
  expected: "halving, random or grid",
  example: "halving"
}
const drawOption: Option = {
  ...counted("--draw", "Another draw of the trials; the same trials for the same number, 0 by default", "1"),
  expected: "a whole number from 0"
}
const jobs = counted("--jobs", "Trials computed side by side; as many as cores by default, with --on 256", "2")
/** As many rows as tell who was near the best. */
const ROWS_TOLD = 12

interface Asked {
  readonly shared: Encoded
  readonly strategy: Strategy
  readonly goal: Goal
  readonly budget: Budget
  readonly rungs: ReadonlyArray<number | null>
  readonly steps: string | null
  readonly draw: number
}

const drawnTrials = (pipeline: Pipeline.AnyPipeline, axes: ReadonlyArray<Axis>, asked: Asked) =>
  Effect.gen(function* () {
    const isGrid = asked.strategy === "grid"
    const size = yield* sizeOf(axes, isGrid)
    if (isGrid && size !== null && size > MOST_TRIALS)
      return yield* new UsageInvalid({
        what: `The grid has ${size} combinations`,
        expected: `${MOST_TRIALS} at most`,
        fix: "Take fewer values, or --strategy halving."
      })
    // without a word of how many, a grid is all of it
    const isOpen = asked.budget.trials === null && asked.budget.steps === null && asked.budget.seconds === null
    const budget = isGrid && isOpen ? { ...asked.budget, trials: size } : asked.budget
    const most = affordable(budget, asked.rungs, asked.steps, size)
    if (typeof most !== "number") return yield* most
    const { shared, goal, rungs } = asked
    const isGuided = asked.strategy === "halving"
    return yield* trialsOf(pipeline, axes, { shared, most, draw: isGrid ? "grid" : asked.draw, isGuided, goal, rungs })
  })

/** Looks for the parameters of a pipeline that do best. */
export const tune = <S>(project: Project<S>): Command<S> =>
  ofPipeline<S>({
    name: "tune",
    description: "Find the parameters of a pipeline that do best, by few steps of many trials and all of the best",
    flags: [...flags, onTest, notHere],
    options: [over, trialsOption, budgetOption, goalOption, strategyOption, drawOption, jobs, on, slurmOptions],
    computes: true,
    run: (pipeline, given) =>
      Effect.gen(function* () {
        const reporter = yield* Reporter
        const shared = yield* ParamOptions.given(pipeline, given.params)
        const values = yield* Pipeline.decodeParams(pipeline, shared)
        const axes = yield* axesOf(pipeline, textsGiven(given, over), shared)
        const graph = Pipeline.graph(pipeline, values)
        const { goal, metric } = yield* goalOf(graph, textGiven(given, goalOption))
        const iterated = stepsOf(graph, metric, pipeline.params)
        const strategy = yield* strategyOf(textGiven(given, strategyOption), iterated)
        // what is varied as a parameter is no measure of a trial
        const steps = axes.some(({ name }) => name === iterated) && strategy !== "halving" ? null : iterated
        yield* checked({ pipeline, axes, values, metric, steps, strategy }, given.flags.has(onTest))
        const budget = budgetOf(numberGiven(given, trialsOption), textGiven(given, budgetOption), steps)
        if (budget instanceof UsageInvalid) return yield* budget
        const most = steps === null ? null : (values[steps] as number)
        const rungs = Tune.rungsOf(strategy, most)
        const draw = numberGiven(given, drawOption) ?? 0
        const side = numberGiven(given, jobs)
        const refused = miscounted(jobs, side) ?? miscounted(drawOption, draw, 0)
        if (refused !== null) return yield* refused
        const trials = yield* drawnTrials(pipeline, axes, { shared, strategy, goal, budget, rungs, steps, draw })
        const varied = axes.map(({ name }) => name)
        const [first = values] = trials.draw([], [], 1)
        return yield* onMachines(project, given, (cores) =>
          Effect.gen(function* () {
            const takes = yield* likely(pipeline, first, { metric, steps, varied, cores })
            const cost =
              budget.seconds === null
                ? `${costText(trials.most, rungs, steps)}${likelyText(takes, trials.most, rungs, steps)}`
                : `as many trials as ${formatSeconds(budget.seconds)} of this machine allow, ${Halving.grown(0)} at least`
            yield* reporter.note(`${pipeline.name}: ${cost}`)
            const events = yield* RunEvents
            const all = budget.seconds === null ? trials.most : null
            const ofTrial = (trial: Readonly<Record<string, unknown>>) => textsOf(pipeline, trial, varied)
            const told = { goal, metric, varied, textsOf: ofTrial, steps, rungs, trials: all }
            const { publish, table, tried } = yield* tuneEvents(told, events.publish)
            return yield* carryOut(
              Tune.run(pipeline, trials, {
                cores,
                jobs: side ?? cores ?? ELSEWHERE,
                varied,
                steps,
                goal,
                metric,
                seconds: budget.seconds,
                asked: {
                  over: textsGiven(given, over),
                  strategy,
                  trials: numberGiven(given, trialsOption),
                  budget: textGiven(given, budgetOption),
                  draw
                }
              }),
              {
                publish,
                tell: (record) => tell(pipeline, record, { table: () => table(ROWS_TOLD), tried })
              }
            )
          })
        )
      }).pipe(refreshing(given))
  })
