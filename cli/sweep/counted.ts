import type { Option } from "../command/Command.ts"
import { UsageInvalid } from "../command/Usage.ts"
import { MOST_POINTS } from "./axes.ts"

/** An option that takes a whole number. */
export const counted = (name: string, description: string, example: string): Option => ({
  name,
  value: "N",
  description,
  expected: "a whole number from 1",
  example,
  isWhole: true
})

/** Refuses a count that is no whole number from `least` on; null where it is one, or was not given. */
export const miscounted = ({ name }: Pick<Option, "name">, count: number | null, least = 1): UsageInvalid | null =>
  count === null || (Number.isInteger(count) && count >= least && count <= MOST_POINTS)
    ? null
    : new UsageInvalid({
        what: `${name} is ${count}`,
        expected: `a whole number from ${least} to ${MOST_POINTS}`,
        fix: `Try ${name} 10.`
      })

/** Points whose nodes are handed out at a time: enough for every worker to have a next one, and few for a server to keep. */
export const ELSEWHERE = 256
