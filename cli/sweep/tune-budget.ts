import * as Halving from "../../engine/Halving.ts"
import { formatCounted } from "../../kinds/format.ts"
import { UsageInvalid } from "../command/Usage.ts"
import { stepsText } from "./tune-table.ts"

/** What a tune may take. Null where that is not bounded. */
export interface Budget {
  readonly trials: number | null
  readonly steps: number | null
  /** Of the whole machine. */
  readonly seconds: number | null
}

/** Trials of which nobody says how many. */
const USUAL_TRIALS = 18
/** A budget in time or steps draws no more than these. */
export const MOST_TRIALS = 3000

const SECONDS: Readonly<Record<string, number>> = { s: 1, min: 60, m: 60, h: 3600 }

/** The budget of `--trials` and `--budget`, which is in time, trials or the steps that the pipeline's parameter counts. */
export const budgetOf = (
  trials: number | null,
  text: string | null,
  stepsName: string | null
): Budget | UsageInvalid => {
  if (trials !== null && !(Number.isInteger(trials) && trials >= 1 && trials <= MOST_TRIALS))
    return new UsageInvalid({
      what: `--trials is ${trials}`,
      expected: `a whole number from 1 to ${MOST_TRIALS}`,
      fix: `Try --trials ${USUAL_TRIALS}.`
    })
  if (text === null) return { trials, steps: null, seconds: null }
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(text.trim()) ?? []
  const count = Number(digits)
  const units = ["30m", "2h", "90s", ...(stepsName === null ? [] : [`200${stepsName}`]), "50trials"]
  const seconds = SECONDS[unit]
  const isKnown = seconds !== undefined || unit === "trials" || (stepsName !== null && unit === stepsName)
  if (digits === "" || !isKnown)
    return new UsageInvalid({
      what: `--budget ${text} is none`,
      expected: `a number and what it counts: ${units.join(", ")}`,
      fix: `Try --budget ${units[0]}.`
    })
  const isWhole = seconds !== undefined || Number.isInteger(count)
  if (count === 0 || !isWhole)
    return new UsageInvalid({
      what: `--budget ${text} ${count === 0 ? "is empty" : "is no whole number"}`,
      expected: `enough for one trial, such as ${units.join(", ")}`,
      fix: `Try --budget ${units[0]}.`
    })
  if (seconds !== undefined) return { trials, steps: null, seconds: count * seconds }
  if (unit === "trials") return { trials: Math.min(trials ?? count, count, MOST_TRIALS), steps: null, seconds: null }
  return { trials, steps: count, seconds: null }
}

/**
 * How many trials a budget allows, of which each takes the rungs that it is good enough for; `all` where the values have only so many
 * combinations.
 */
export const affordable = (
  { trials, steps, seconds }: Budget,
  rungs: Halving.Rungs,
  stepsName: string | null,
  all: number | null
): number | UsageInvalid => {
  const most = all ?? MOST_TRIALS
  const asked = trials ?? (steps === null && seconds === null ? Math.min(all ?? USUAL_TRIALS, USUAL_TRIALS) : most)
  if (steps === null) return Math.min(asked, most)
  const within = Halving.trialsWithin(steps, rungs, Math.min(asked, most))
  if (within > 0) return within
  const least = Halving.costOf(1, rungs)
  return new UsageInvalid({
    what: `A budget of ${steps} ${stepsName} is not enough for one trial`,
    expected: `${least} ${stepsName} or more: a trial takes so many`,
    fix: `Try --budget ${least * USUAL_TRIALS}${stepsName}, or fewer ${stepsName} a trial.`
  })
}

/** `18 trials, 73 epochs of them: 18 to 1 epoch, 9 to 2, 4 to 7, 2 to 20`. */
export const costText = (trials: number, rungs: Halving.Rungs, stepsName: string | null): string => {
  const ladder = rungs.flatMap((rung) => rung ?? [])
  if (stepsName === null || ladder.length === 0) return formatCounted(trials, "trial")
  const each = Halving.countsOf(trials, ladder).map(
    (count, at) => `${count} to ${at === 0 ? stepsText(ladder[at] ?? 0, stepsName) : ladder[at]}`
  )
  return `${formatCounted(trials, "trial")}, ${Halving.costOf(trials, ladder)} ${stepsName} of them: ${each.join(", ")}`
}
