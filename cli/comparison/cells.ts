import { formatSeconds } from "../../kinds/format.ts"
import { valueText } from "../command/option-text.ts"
import { spreadText, wordsOf } from "../terminal/numbers.ts"
import type { Spread } from "../terminal/statistics.ts"
import type { Compared, GroupSummary, Summary } from "./groups.ts"

/** Parameters in few letters, for a legend: `learningRate 0.003`. */
export const nameOf = (group: GroupSummary, { params, groups }: Summary, number: number): string => {
  const values = params.map((name) => `${name} ${valueText(group.params[name])}`).join(", ")
  const isAlone =
    groups.filter((other) => params.every((name) => valueText(other.params[name]) === valueText(group.params[name])))
      .length === 1
  const name = values === "" || !isAlone ? `row ${number}${values === "" ? "" : `, ${values}`}` : values
  return group.runs.length === 1 ? name : `${name} (${group.runs.length} seeds)`
}

export const secondsText = ({ n, mean }: Spread): string => `${n > 1 ? "mean " : ""}${formatSeconds(mean)}`

export const headers = ({ params, metrics }: Summary): ReadonlyArray<string> => [
  "row",
  ...params,
  "seeds",
  ...metrics.map(wordsOf),
  "time"
]

export const cells = (group: GroupSummary, { params, metrics }: Summary, number: number): ReadonlyArray<string> => [
  String(number),
  ...params.map((name) => valueText(group.params[name])),
  group.seeds.map(valueText).join(", "),
  ...metrics.map((name) => {
    const found = group.metrics.get(name)
    return found === undefined ? "–" : spreadText(name, found, group.runs.length)
  }),
  secondsText(group.seconds)
]

const named = ({ nodes }: Compared, status: string) =>
  nodes.filter((each) => each.status === status).map(({ node }) => node)

/** What a run computed, and what it found. */
export const workOf = (run: Compared) => ({ ran: named(run, "ran"), reused: named(run, "reused") })
