import { Effect } from "effect"
import { nearest } from "../../artifacts/Explained.ts"
import * as Pins from "../../cache/Pins.ts"
import { Place } from "../../project/Place.ts"
import { begins } from "../address/run-address.ts"
import { type Argument, type Command, type Project, plain } from "../command/Command.ts"
import { UsageInvalid } from "../command/Usage.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { pinned } from "./pinned.ts"

const what: Argument = { name: "WHAT", description: "What was pinned, as it was written, or as pipeline pin lists it" }

/** The pins that somebody means: by what was written, by name, or by what that leads to now. */
const meant = <S>(project: Project<S>, pins: ReadonlyArray<Pins.Pin>, asked: string) =>
  Effect.gen(function* () {
    const found = pins.filter(({ subject, content }) => content?.asked === asked || begins(asked)(Pins.nameOf(subject)))
    if (found.length > 0) return found
    const now = yield* Effect.option(pinned(project, asked))
    return now._tag === "None"
      ? []
      : pins.filter(({ subject }) => Pins.nameOf(subject) === Pins.nameOf(now.value.subject))
  })

/** Lets go what was pinned. */
export const unpin = <S>(project: Project<S>): Command<S> =>
  plain<S>({
    name: "unpin",
    description: "Let gc remove what was pinned",
    args: [what],
    run: ({ args: [asked = ""] }) =>
      Effect.gen(function* () {
        const reporter = yield* Reporter
        const { home } = yield* Place
        const pins = yield* Pins.list(home)
        const found = yield* meant(project, pins, asked)
        if (found.length === 0) {
          const names = pins.map(({ subject, content }) => content?.asked ?? Pins.nameOf(subject))
          const near = nearest(asked, names)
          return yield* new UsageInvalid({
            what: `Nothing is pinned by "${asked}"`,
            expected: names.length === 0 ? "something that is pinned, and nothing is" : `one of ${names.join(", ")}`,
            fix: near === null ? "See pipeline pin." : `Did you mean ${near}?`
          })
        }
        for (const { subject, content } of found) {
          yield* Pins.remove(home, subject)
          yield* reporter.print(`${content?.label ?? Pins.nameOf(subject)} is no longer pinned`)
        }
        yield* reporter.document({
          schema: 1,
          status: "done",
          unpinned: found.map(({ subject }) => Pins.nameOf(subject))
        })
        return 0
      })
  })
