import { expect, it } from "vitest"
import * as Explained from "../../../artifacts/Explained.ts"
import { type Tried, tuneTable } from "../../../cli/sweep/tune-table.ts"

const told = {
  goal: { direction: "max", metric: "validationAccuracy" },
  metric: { result: "fit", field: "validationAccuracy", node: "train" },
  varied: ["learningRate"],
  steps: "epochs"
} as const

const tried = (trial: number, steps: number, score: number | null): Tried => ({
  point: 10 * trial + steps,
  trial,
  texts: [["0.1", "0.01", "0.001"][trial] ?? ""],
  steps,
  score,
  ran: trial !== 2,
  metrics: new Map(),
  error: score === null ? Explained.explain(new Error("diverged")) : null
})

it("each trial has one line, by its best; failed ones come last, and more than there is room for are counted", () => {
  const all = [tried(0, 1, null), tried(1, 1, 0.4), tried(2, 1, 0.5), tried(2, 3, 0.45), tried(1, 3, 0.6)]
  expect(tuneTable(all, told, 9).split("\n")).toEqual([
    "trial  learning rate  epochs  validation accuracy",
    "    2           0.01       3               60.0 %",
    "    3          0.001       1               50.0 %  cached",
    "    1            0.1       1                       failed"
  ])
  expect(tuneTable(all, told, 2).split("\n").at(-1)).toBe("… and 1 more")
  const least = tuneTable(all, { ...told, goal: { ...told.goal, direction: "min" } }, 9)
  expect(least.split("\n")[1]).toMatch(/^ +2 /)
})
