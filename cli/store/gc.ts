import { Effect } from "effect"
import { AGE_EXPECTED, ageOf, SIZE_EXPECTED, sizeOf } from "../budget/amounts.ts"
import * as Budget from "../budget/Budget.ts"
import { type Command, type Flag, type Given, numberGiven, type Option, plain, textGiven } from "../command/Command.ts"
import { UsageInvalid } from "../command/Usage.ts"
import type { Limits } from "./collecting.ts"

const keepSize: Option = {
  name: "--keep-size",
  value: "SIZE",
  description: `How large the store may be afterwards; what ${Budget.VARIABLE} says, else 50 GB or a fifth of the disk`,
  expected: SIZE_EXPECTED,
  example: "20GB"
}
const keepLast: Option = {
  name: "--keep-last",
  value: "N",
  description:
    "Keep the results of so many of the newest runs of each pipeline, and of as many of its sweeps; 1 by default",
  expected: "a whole number from 1",
  example: "3",
  isWhole: true
}
const olderThan: Option = {
  name: "--older-than",
  value: "AGE",
  description: "Keep the results of all runs and sweeps that are younger, and forget the older ones",
  expected: AGE_EXPECTED,
  example: "30d"
}
const dryRun: Flag = { name: "--dry-run", description: "Say what would go and what it would cost, and remove nothing" }

const shared: Flag = {
  name: "--shared",
  description:
    "Remove from the shared store instead: traces of your namespace that are older than --older-than, and objects that no other trace names. Nothing of the last day goes"
}

/** The age that was given for the shared store, which nothing is removed from for its size. */
const agesOf = (given: Given): Effect.Effect<number, UsageInvalid> =>
  Effect.gen(function* () {
    const age = yield* ageOf(olderThan, textGiven(given, olderThan))
    const wrong = [keepSize, keepLast].find((option) => textGiven(given, option) !== null)
    if (age !== null && wrong === undefined) return age
    return yield* new UsageInvalid({
      what: age === null ? "--shared is given without an age" : `--shared is given with ${wrong?.name}`,
      expected: "an age and nothing else: others need what they put there",
      fix: "Try --shared --older-than 30d --dry-run."
    })
  })

/** What was typed, read. */
const limitsOf = (given: Given): Effect.Effect<Limits, UsageInvalid> =>
  Effect.gen(function* () {
    const size = yield* sizeOf(keepSize, textGiven(given, keepSize))
    const age = yield* ageOf(olderThan, textGiven(given, olderThan))
    const last = numberGiven(given, keepLast)
    if (last !== null && last < 1)
      return yield* new UsageInvalid({
        what: `--keep-last is ${last}`,
        expected: keepLast.expected,
        fix: "The newest run of a pipeline always stays. Try --keep-last 1."
      })
    return { size, age, last }
  })

/** Makes the store smaller. */
export const gc = <S>(): Command<S> =>
  plain<S>({
    name: "gc",
    description: "Make the store smaller: what is cheapest to make again goes first",
    options: [keepSize, keepLast, olderThan],
    flags: [dryRun, shared],
    run: (given) =>
      Effect.gen(function* () {
        const isDry = given.flags.has(dryRun)
        // only who removes something loads what that takes
        if (given.flags.has(shared)) {
          const { gcShared } = yield* Effect.promise(() => import("./gc-shared.ts"))
          return yield* gcShared(yield* agesOf(given), isDry)
        }
        const limits = yield* limitsOf(given)
        const { collect } = yield* Effect.promise(() => import("./collecting.ts"))
        return yield* collect(limits, isDry)
      })
  })
