import { Effect } from "effect"
import type * as Audit from "../../engine/Audit.ts"
import { computeAside } from "../../engine/aside.ts"
import { ExecutorAt } from "../../engine/Executor.ts"
import { Place } from "../../project/Place.ts"
import { type Given, type Option, textGiven } from "../command/Command.ts"
import { UsageInvalid } from "../command/Usage.ts"
import { Reporter } from "../terminal/Reporter.ts"

export const audit: Option = {
  name: "--audit",
  value: "SHARE",
  description:
    "Compute some of what is reused again, by chance, and fail where it comes out otherwise: a share such as 5%, of which at least one is. What is kept stays as it is",
  expected: "a share above 0% and up to 100%",
  example: "5%"
}

const shareOf = (text: string): number | null => {
  const found = /^(\d{1,3}(?:\.\d+)?)\s?%$/.exec(text)
  const share = Number(found?.[1] ?? Number.NaN) / 100
  return share > 0 && share <= 1 ? share : null
}

/** What a run is to audit; null where nothing is asked for. */
export const auditingFor = (
  given: Given
): Effect.Effect<Audit.Auditing | null, UsageInvalid, Place | ExecutorAt | Reporter> =>
  Effect.gen(function* () {
    const text = textGiven(given, audit)
    if (text === null) return null
    const share = shareOf(text)
    if (share === null)
      return yield* new UsageInvalid({
        what: `--audit ${text} is no share of what is reused`,
        expected: audit.expected ?? "",
        fix: "Write it with its sign, such as --audit 5%."
      })
    const { home } = yield* Place
    const reporter = yield* Reporter
    return {
      share,
      compute: computeAside(home, yield* ExecutorAt),
      hear: (node, at, of) => reporter.note(`audit: computes ${node} again (${at + 1} of ${of})`)
    }
  })
