import { Effect } from "effect"
import type { Acceptance } from "../../cache/Acceptance.ts"
import * as AcceptancesDisk from "../../cache/acceptances-disk.ts"
import { Place } from "../../project/Place.ts"
import { type Command, type Option, type Project, plain, textGiven } from "../command/Command.ts"
import * as Usage from "../command/Usage.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { table } from "../terminal/table-text.ts"

const revoke: Option = {
  name: "--revoke",
  value: "ID",
  description: "Take an acceptance back: nothing is reused by it from then on, and what was is computed",
  expected: "an acceptance's id",
  example: "0123456789ab"
}

const told = ({ id, stage, because, by, accepted, changes, signed }: Acceptance) => ({
  id,
  stage,
  because,
  by,
  accepted,
  signed: signed?.key ?? null,
  changes: changes.map(({ stage: of, before, after }) => ({ stage: of, before: before.digest, after: after.digest }))
})

/** Lists what was accepted, and takes it back. */
export const accepted = <S>(_project: Project<S>): Command<S> =>
  plain<S>({
    name: "accepted",
    description: "List the changes of code that were accepted as altering no result, or take one back",
    options: [revoke],
    run: (given) =>
      Effect.gen(function* () {
        const reporter = yield* Reporter
        const { home } = yield* Place
        const all = yield* AcceptancesDisk.all(home)
        const revoked = textGiven(given, revoke)
        if (revoked !== null) {
          const ids = all.map(({ id }) => id)
          if (!ids.includes(revoked)) return yield* Usage.unknown("acceptance", revoked, ids, "See pipeline accepted.")
          yield* AcceptancesDisk.remove(home, revoked)
          yield* reporter.print(`${revoked} is revoked: what was reused by it is computed by the next run.`)
        } else
          yield* reporter.print(
            all.length === 0
              ? "Nothing is accepted."
              : table(
                  ["id", "stage", "accepted", "by", "because"].map((header) => ({ header })),
                  all.map(({ id, stage, accepted: when, by, because }) => [id, stage, when, by, because])
                )
          )
        const holding = all.filter(({ id }) => id !== revoked)
        yield* reporter.document({ schema: 1, status: "done", accepted: holding.map(told), revoked })
        return 0
      })
  })
