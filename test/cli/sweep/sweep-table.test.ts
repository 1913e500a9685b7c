import { expect, it } from "vitest"
import { type Settled, sweepTable } from "../../../cli/sweep/sweep-table.ts"

const everything = { rows: Number.POSITIVE_INFINITY, columns: Number.POSITIVE_INFINITY }
const point = (at: number, values: ReadonlyArray<string>, accuracy: number | null, ran = true): Settled => ({
  point: at,
  values,
  ran,
  metrics: new Map(
    accuracy === null ? [] : Object.entries({ validationAccuracy: accuracy, testLoss: 1 / 3, bestEpoch: at + 1 })
  ),
  error: accuracy === null ? { tag: "Diverged", what: "It diverged", expected: null, fix: null } : null
})

it("ranks points by validation accuracy, the failed ones last", () => {
  const settled = [point(0, ["16"], 0.5), point(1, ["32"], null), point(2, ["64"], 0.75, false)]
  expect(sweepTable(["units"], settled, everything).split("\n")).toEqual([
    "units  validation accuracy  test loss  best epoch",
    "   64               75.0 %     0.3333           3  cached",
    "   16               50.0 %     0.3333           1  ran",
    "   32                                              failed"
  ])
})

it("takes points that differ in their seed as one, by mean and sample deviation", () => {
  const settled = [
    point(0, ["16", "0"], 0.5),
    point(1, ["16", "1"], 0.7),
    point(2, ["32", "0"], 0.4),
    point(3, ["32", "1"], null)
  ]
  expect(sweepTable(["units", "seed"], settled, everything).split("\n").slice(1)).toEqual([
    "   16        60.0 ± 14.1 %      0.3333 ± 0  1.50 ± 0.71  2 seeds, 2 ran",
    "   32       40.0 % (n = 1)  0.3333 (n = 1)    3 (n = 1)  2 seeds, 1 failed, 2 ran"
  ])
})

it("leaves out numbers that find no room, the least looked for first, and rows beyond those asked for", () => {
  const settled = Array.from({ length: 5 }, (_, at) => point(at, [String(at)], at / 10))
  const text = sweepTable(["units"], settled, { rows: 2, columns: 43 })
  expect(text.split("\n")).toEqual([
    "units  validation accuracy  test loss",
    "    4               40.0 %     0.3333  ran",
    "    3               30.0 %     0.3333  ran",
    "… and 3 more"
  ])
})

const measured = (at: number, value: string, metrics: Readonly<Record<string, number>>): Settled => ({
  ...point(at, [value], 0),
  metrics: new Map(Object.entries(metrics))
})

it("shows whatever numbers tell points apart, in the order in which points were given, whoever was done first", () => {
  const [one, two, three] = [
    measured(0, "15", { slope: 9.25, rows: 200, version: 1 }),
    measured(1, "60", { slope: 9.5, rows: 130, version: 1 }),
    point(2, ["90"], null)
  ]
  expect(sweepTable(["least"], [three, two, one], everything).split("\n")).toEqual([
    "least   slope  rows",
    "   15  9.2500   200  ran",
    "   60  9.5000   130  ran",
    "   90                failed"
  ])
})

it("shows all numbers where no two points differ in one", () => {
  expect(sweepTable(["least"], [measured(0, "15", { rows: 200 })], everything)).toBe(
    ["least  rows", "   15   200  ran"].join("\n")
  )
})
