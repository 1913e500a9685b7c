import { Effect } from "effect"
import { type Acceptance, joined } from "../../cache/Acceptance.ts"
import * as AcceptancesDisk from "../../cache/acceptances-disk.ts"
import type { Shared } from "../../cache/remote/SharedAcceptances.ts"
import { Place } from "../../project/Place.ts"
import { type Command, type Option, type Project, plain, textGiven } from "../command/Command.ts"
import * as Usage from "../command/Usage.ts"
import { SharedFailed } from "../store/SharedFailed.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { table } from "../terminal/table-text.ts"
import * as SharedAcceptances from "./shared-acceptances.ts"

const ID = { value: "ID", expected: "an acceptance's id", example: "0123456789ab" }

const revoke: Option = {
  ...ID,
  name: "--revoke",
  description: "Take an acceptance back, here and from the shared store: nothing is reused by it from then on"
}

const push: Option = {
  ...ID,
  name: "--push",
  description:
    "Put an acceptance into the shared store: whoever trusts your key reuses results by it, until it is revoked"
}

/** An acceptance that holds, and where it lies in the shared store; null for one of this machine alone. */
interface Held {
  readonly acceptance: Acceptance
  readonly shared: Shared | null
}

const held = (own: ReadonlyArray<Acceptance>, shared: ReadonlyArray<Shared>): ReadonlyArray<Held> =>
  joined(
    own,
    shared.map(({ acceptance }) => acceptance)
  ).map((acceptance) => ({
    acceptance,
    shared: shared.find((one) => one.acceptance.id === acceptance.id) ?? null
  }))

const whereOf = ({ shared }: Held): "here" | "shared" => (shared === null ? "here" : "shared")

const told = (one: Held) => {
  const { id, stage, because, by, accepted, changes, signed } = one.acceptance
  return {
    id,
    stage,
    because,
    by,
    accepted,
    signed: signed?.key ?? null,
    where: whereOf(one),
    changes: changes.map(({ stage: of, before, after }) => ({ stage: of, before: before.digest, after: after.digest }))
  }
}

const silent = (id: string) =>
  new SharedFailed({
    what: `${id} is revoked here, and the shared store does not answer`,
    expected: "to see whether it holds there as well",
    fix: "Revoke it again once the store answers: until then, others may reuse results by it."
  })

const COLUMNS = ["id", "stage", "accepted", "by", "where", "because"].map((header) => ({ header }))

/** Lists what was accepted, lets others have it, and takes it back. */
export const accepted = <S>(_project: Project<S>): Command<S> =>
  plain<S>({
    name: "accepted",
    description: "List the changes of code that were accepted as altering no result, share one or take one back",
    options: [push, revoke],
    run: (given) =>
      Effect.gen(function* () {
        const reporter = yield* Reporter
        const { home } = yield* Place
        const shared = yield* SharedAcceptances.listed
        const all = held(yield* AcceptancesDisk.all(home), shared ?? [])
        const [pushed, revoked] = [textGiven(given, push), textGiven(given, revoke)]
        if (pushed !== null && revoked !== null)
          return yield* Usage.invalid("--push and --revoke are given together", "one of them", "Leave one out.")
        const asked = (id: string) => {
          const found = all.find(({ acceptance }) => acceptance.id === id)
          const ids = all.map(({ acceptance }) => acceptance.id)
          return found === undefined
            ? Usage.unknown("acceptance", id, ids, "See pipeline accepted.")
            : Effect.succeed(found)
        }
        if (pushed !== null) {
          const shown = yield* SharedAcceptances.push((yield* asked(pushed)).acceptance)
          // it holds there and nowhere else, so that who takes it back there takes it back everywhere
          yield* AcceptancesDisk.remove(home, pushed)
          yield* reporter.print(`${pushed} is in ${shown}: it holds for whoever trusts your key, until it is revoked.`)
        } else if (revoked !== null) {
          const { shared: there } = yield* asked(revoked)
          yield* AcceptancesDisk.remove(home, revoked)
          // what nobody could see may hold there still
          if (shared === null) return yield* silent(revoked)
          const from = there === null ? "" : `, also from ${yield* SharedAcceptances.withdraw(there)}`
          yield* reporter.print(`${revoked} is revoked${from}: what was reused by it is computed by the next run.`)
        } else
          yield* reporter.print(
            all.length === 0
              ? "Nothing is accepted."
              : table(
                  COLUMNS,
                  all.map((one) => {
                    const { id, stage, accepted: when, by, because } = one.acceptance
                    return [id, stage, when, by, whereOf(one), because]
                  })
                )
          )
        const isChanged = pushed !== null || revoked !== null
        const now = isChanged ? held(yield* AcceptancesDisk.all(home), (yield* SharedAcceptances.listed) ?? []) : all
        yield* reporter.document({ schema: 1, status: "done", accepted: now.map(told), pushed, revoked })
        return 0
      })
  })
