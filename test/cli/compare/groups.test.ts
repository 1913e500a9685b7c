import { describe, expect, it } from "vitest"
import { cells } from "../../../cli/comparison/cells.ts"
import { groupsOf, summarize } from "../../../cli/comparison/groups.ts"
import { spreadText } from "../../../cli/terminal/numbers.ts"
import { spread } from "../../../cli/terminal/statistics.ts"
import { comparedRun } from "../../rig/rows.ts"

describe("mean and deviation", () => {
  it("are those of a sample: the squares are divided by one less than there are values", () => {
    expect(spread([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ n: 8, mean: 5, deviation: Math.sqrt(32 / 7) })
  })
  it("of one value is the value, without a deviation", () => {
    expect(spread([0.5])).toEqual({ n: 1, mean: 0.5, deviation: null })
  })
  it("are written with the digits that an accuracy, a loss and a count are read with", () => {
    expect(spreadText("testAccuracy", { n: 3, mean: 0.77412, deviation: 0.00431 }, 3)).toBe("77.4 ± 0.4 %")
    expect(spreadText("testLoss", { n: 3, mean: 0.64664, deviation: 0.01 }, 3)).toBe("0.6466 ± 0.0100")
    expect(spreadText("bestEpoch", { n: 2, mean: 7.5, deviation: 0.714 }, 2)).toBe("7.50 ± 0.71")
    expect(spreadText("parameters", { n: 2, mean: 82634, deviation: 0 }, 2)).toBe("82,634 ± 0")
    expect(spreadText("testAccuracy", { n: 1, mean: 0.5, deviation: null }, 1)).toBe("50.0 %")
    expect(spreadText("testAccuracy", { n: 2, mean: 0.5, deviation: 0.1 }, 3)).toBe("50.0 ± 10.0 % (n = 2)")
  })
})

const at = (seed: number, rate: number, testAccuracy: number, recipe: string | null = "r") =>
  comparedRun({ params: { learningRate: rate, seed, units: 8 }, metrics: { testAccuracy, rows: 10 }, recipe })

describe("runs that differ in nothing but the seed", () => {
  it("are one row, whose mean and deviation are over them", () => {
    const { params, metrics, groups } = summarize([at(0, 0.1, 0.5), at(0, 0.2, 0.9), at(1, 0.1, 0.7)])
    expect([params, metrics]).toEqual([["learningRate"], ["testAccuracy"]])
    expect(groups.map(({ seeds, params: own }) => [seeds, own])).toEqual([
      [[0, 1], { learningRate: 0.1 }],
      [[0], { learningRate: 0.2 }]
    ])
    const { n, mean, deviation } = groups[0]?.metrics.get("testAccuracy") ?? spread([0])
    expect([n, mean]).toEqual([2, 0.6])
    expect(deviation).toBeCloseTo(Math.sqrt(0.02), 12)
  })

  it("count once where one repeats another: a second look is no second seed", () => {
    const rows = [at(0, 0.1, 0.5), at(0, 0.1, 0.5), at(1, 0.1, 0.7)]
    const [group, ...others] = groupsOf(rows)
    expect(others).toEqual([])
    expect(group?.runs).toEqual([rows[0], rows[2]])
    expect(group?.repeats).toEqual([rows[1]])
  })

  it("are not those of other code or data, nor those that came out otherwise with the same seed", () => {
    expect(groupsOf([at(0, 0.1, 0.5), at(1, 0.1, 0.7, "other")])).toHaveLength(2)
    expect(groupsOf([at(0, 0.1, 0.5), at(0, 0.1, 0.6)])).toHaveLength(2)
    // of a run whose traces are gone nothing else is known
    expect(groupsOf([at(0, 0.1, 0.5), at(1, 0.1, 0.7, null)])).toHaveLength(1)
  })

  it("of an older program lack a parameter, and are told apart by it", () => {
    const older = comparedRun({ params: { seed: 0, units: 8 }, metrics: { testAccuracy: 0.5 }, recipe: "older" })
    const summary = summarize([older, at(0, 0.1, 0.5)])
    expect(summary.params).toEqual(["learningRate"])
    expect(summary.groups.map((group, row) => cells(group, summary, row + 1)[1])).toEqual(["–", "0.1"])
  })

  it("leave out of a mean what a run lacks", () => {
    const without = comparedRun({
      params: { learningRate: 0.1, seed: 2, units: 8 },
      metrics: { rows: 10 },
      recipe: "r"
    })
    const [group] = summarize([at(0, 0.1, 0.5), at(1, 0.1, 0.7), without]).groups
    expect(group?.metrics.get("testAccuracy")?.n).toBe(2)
    expect(group?.runs).toHaveLength(3)
  })
})
