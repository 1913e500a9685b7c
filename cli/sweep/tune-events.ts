import { Clock, Effect } from "effect"
import * as GoalOf from "../../engine/Goal.ts"
import * as Halving from "../../engine/Halving.ts"
import type { RunEvent } from "../../engine/RunEvent.ts"
import { formatSeconds, formatShare, truncate } from "../../kinds/format.ts"
import { sentence } from "../command/option-text.ts"
import { metricsOf } from "../report/metrics.ts"
import { numberText, wordsOf } from "../terminal/numbers.ts"
import { Reporter } from "../terminal/Reporter.ts"
import * as Running from "../terminal/Running.ts"
import { type Columns, stepsText, type Tried, tuneTable } from "./tune-table.ts"

/** Lines of the screen that are left to what was said before. */
const LINES_LEFT = 8

interface Told extends Columns {
  readonly rungs: Halving.Rungs
  /** A trial's values of what trials differ in, in a few words. */
  readonly textsOf: (values: Readonly<Record<string, unknown>>) => ReadonlyArray<string>
  /** How many; null where that is not known before. */
  readonly trials: number | null
}

type PointSettled = Extract<RunEvent, { readonly _tag: "PointSettled" }>
type RungStarted = Extract<RunEvent, { readonly _tag: "RungStarted" }>

/** Tells of a tune as it runs: on a terminal as a table, elsewhere a line a trial and rung. */
export const tuneEvents = (told: Told, tellShared: (event: RunEvent) => Effect.Effect<void>) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const { metric, varied, rungs } = told
    /** By point: the best trial is told of once more, with all of its results. */
    const tried = new Map<number, Tried>()
    const trialOf = new Map<number, Pick<Tried, "trial" | "texts" | "steps">>()
    const running = Running.make(reporter.terminal)
    let shared: ReadonlySet<string> = new Set()
    let rung: RungStarted | null = null
    let isChosen = false
    /** When the first trial that had to be computed was over, and the steps of those after it. */
    let [began, ranSteps] = [0, 0]
    const resolved = new Set<string>()
    const allSteps = told.trials === null ? null : Halving.costOf(told.trials, rungs)

    const stepsOf = (steps: number | null): number => Halving.stepsFor(rungs, rungs.indexOf(steps))
    const doneSteps = () => [...tried.values()].reduce((sum, { steps }) => sum + stepsOf(steps), 0)

    const inRung = ({ of, points }: RungStarted) => {
      const left = points.filter(({ point }) => !tried.has(point)).length
      return `${of - left} of ${of}`
    }
    const rungText = (now: number): string => {
      if (isChosen) return "the best trial as a whole"
      if (rung === null) return ""
      const { steps, rung: at } = rung
      const place = rungs.length === 1 ? "" : `rung ${at + 1} of ${rungs.length}: `
      const to = steps === null ? "" : ` to ${stepsText(steps, told.steps ?? "")}`
      return `${place}${inRung(rung)} trials${to}${allSteps === null ? "" : budgetText(allSteps, now)}`
    }
    /** How much is done, and by the rate of the steps that had to be computed, how long the others take. */
    const budgetText = (all: number, now: number): string => {
      const done = doneSteps()
      const seconds = ((now - began) / 1000 / ranSteps) * (all - done)
      const left = ranSteps === 0 || seconds <= 0 ? "" : `, ${formatSeconds(seconds)} left`
      return `, ${formatShare(done / all)} of the budget${left}`
    }

    const draw = (now: number) => {
      const lines = [
        ...(tried.size === 0
          ? []
          : tuneTable([...tried.values()], told, Math.max(3, reporter.rows - LINES_LEFT)).split("\n")),
        rungText(now),
        ...running.lines()
      ]
      return reporter.status(lines.map((line) => truncate(line, reporter.columns - 1)).join("\n"))
    }
    const redraw = Effect.flatMap(Clock.currentTimeMillis, (now) => (running.isDue(now) ? draw(now) : Effect.void))

    const plain = ({ trial, texts, ran, score, error }: Tried) => {
      const what = varied.map((name, at) => `${wordsOf(name)} ${texts[at]}`).join(", ")
      const found = score === null ? "no number" : `${wordsOf(metric.field)} ${numberText(metric.field, score)}`
      const how = error === null ? `${found}${ran ? "" : ", cached"}` : `FAILED. ${sentence(error)}`
      const at =
        rung === null
          ? ""
          : `${inRung(rung)}${rung.steps === null ? "" : ` to ${stepsText(rung.steps, told.steps ?? "")}`}: `
      return reporter.note(`${at}trial ${trial + 1}, ${what}: ${how}`)
    }

    const settled = ({ point, ran, error, documents }: PointSettled): Tried | null => {
      const known = trialOf.get(point)
      if (known === undefined) return null
      const score = error === null ? GoalOf.scoreOf(metric, documents) : null
      const metrics = new Map(metricsOf(documents).map(({ name, value }) => [name, value]))
      const one = { point, ...known, score, ran: ran || (tried.get(point)?.ran ?? false), metrics, error }
      tried.set(point, one)
      return one
    }

    const publish = (event: RunEvent): Effect.Effect<void> =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        switch (event._tag) {
          case "RungStarted":
            rung = event
            for (const { trial, point, values } of event.points)
              trialOf.set(point, { trial, steps: event.steps, texts: told.textsOf(values) })
            if (shared.size === 0) shared = event.shared
            return
          case "TrialChosen":
            isChosen = true
            return reporter.terminal
              ? yield* redraw
              : yield* reporter.note(`trial ${event.trial + 1} is the best, and carried out as a whole`)
          case "PointSettled": {
            const one = settled(event)
            if (one === null || isChosen) return
            if (event.ran && began === 0) began = now
            else if (event.ran) ranSteps += stepsOf(one.steps)
            return reporter.terminal ? yield* redraw : yield* plain(one)
          }
          case "NodeProgress":
            if (!reporter.terminal) return shared.has(event.node) ? yield* tellShared(event) : undefined
            running.progressed(event.node, event.progress, now)
            return yield* redraw
          case "NodeFailed":
            running.ended(event.node)
            return shared.has(event.node) ? yield* tellShared(event) : undefined
          case "NodeReused":
          case "NodeStarted":
          case "NodeRan":
            running.ended(event.node)
            return shared.has(event.node) && event._tag !== "NodeReused" ? yield* tellShared(event) : undefined
          case "SourceResolved":
            // once is enough, and each rung looks
            if (resolved.has(event.source)) return
            resolved.add(event.source)
            return yield* tellShared(event)
          case "NodePlaced":
          case "NodeSkipped":
          case "NodeWaiting":
            return
          default:
            return yield* tellShared(event)
        }
      })
    const table = (rows: number) => tuneTable([...tried.values()], told, rows)
    return { publish, tried, table }
  })
