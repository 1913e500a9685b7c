import { expect, it } from "vitest"
import { UsageInvalid } from "../../../cli/command/Usage.ts"
import { affordable, budgetOf, costText } from "../../../cli/sweep/tune-budget.ts"
import * as Halving from "../../../engine/Halving.ts"

// What a tune may take is a time, steps or trials, and says how many trials there are.

const NOTHING = { trials: null, steps: null, seconds: null }
const refusal = (found: unknown): string => (found instanceof UsageInvalid ? found.message : "not refused")

it("a budget is a number and what it counts", () => {
  expect(budgetOf(null, null, "epochs")).toEqual(NOTHING)
  expect(budgetOf(null, "30m", "epochs")).toEqual({ ...NOTHING, seconds: 1800 })
  expect(budgetOf(null, "1.5h", "epochs")).toEqual({ ...NOTHING, seconds: 5400 })
  expect(budgetOf(null, "90 s", null)).toEqual({ ...NOTHING, seconds: 90 })
  expect(budgetOf(null, "200epochs", "epochs")).toEqual({ ...NOTHING, steps: 200 })
  expect(budgetOf(null, "50trials", "epochs")).toEqual({ ...NOTHING, trials: 50 })
  expect(budgetOf(20, "50trials", "epochs")).toEqual({ ...NOTHING, trials: 20 })
  expect(budgetOf(20, "30m", "epochs")).toEqual({ trials: 20, steps: null, seconds: 1800 })
})

it.each([
  ["0m", "is empty"],
  ["0epochs", "is empty"],
  ["2.5trials", "is no whole number"],
  ["30", "is none"],
  ["", "is none"],
  ["-5m", "is none"],
  ["200steps", "is none"],
  ["m", "is none"]
])("a budget of %s is refused: it %s", (text, why) => {
  expect(refusal(budgetOf(null, text, "epochs"))).toContain(why)
})

it("what counts no steps has no budget of them", () => {
  expect(refusal(budgetOf(null, "200epochs", null))).toContain(
    "expected a number and what it counts: 30m, 2h, 90s, 50trials"
  )
})

it.each([0, -1, 1.5, 3001])("--trials %d is refused", (trials) => {
  expect(refusal(budgetOf(trials, null, "epochs"))).toContain("expected a whole number from 1 to 3000")
})

it("without a word there are 18 trials, or as many as there are", () => {
  const rungs = Halving.rungsOf(20)
  expect(affordable(NOTHING, rungs, "epochs", null)).toBe(18)
  expect(affordable(NOTHING, rungs, "epochs", 4)).toBe(4)
  expect(affordable({ ...NOTHING, trials: 100 }, rungs, "epochs", 12)).toBe(12)
})

it("a budget of steps has as many trials as they are enough for, and one at least", () => {
  const rungs = Halving.rungsOf(20)
  const trials = affordable({ ...NOTHING, steps: 150 }, rungs, "epochs", null)
  expect(Halving.costOf(Number(trials), rungs)).toBeLessThanOrEqual(150)
  expect(Halving.costOf(Number(trials) + 1, rungs)).toBeGreaterThan(150)
  expect(refusal(affordable({ ...NOTHING, steps: 19 }, rungs, "epochs", null))).toContain("expected 20 epochs or more")
})

it("what it costs is said by rungs", () => {
  expect(costText(18, Halving.rungsOf(20), "epochs")).toBe(
    "18 trials, 73 epochs of them: 18 to 1 epoch, 9 to 2, 4 to 7, 2 to 20"
  )
  expect(costText(4, [20], "epochs")).toBe("4 trials, 80 epochs of them: 4 to 20 epochs")
  expect(costText(4, [null], null)).toBe("4 trials")
})
