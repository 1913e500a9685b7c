import { DateTime, Effect } from "effect"
import * as Pins from "../../cache/Pins.ts"
import { Place } from "../../project/Place.ts"
import { type Argument, type Command, type Project, plain } from "../command/Command.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { table } from "../terminal/table-text.ts"
import { pinned } from "./pinned.ts"

const what: Argument = {
  name: "WHAT",
  description:
    "A run or sweep, a pipeline for its newest run, or PIPELINE/NAME, RUN/NAME for one result; none to list what is pinned",
  isOptional: true
}

const nameOf = (subject: Pins.Subject): string => (subject._tag === "Run" ? subject.run : subject.key.slice(0, 12))

const documentOf = ({ subject, content }: Pins.Pin) => ({
  run: subject._tag === "Run" ? subject.run : null,
  key: subject._tag === "Key" ? subject.key : null,
  asked: content?.asked ?? null,
  label: content?.label ?? null,
  results: content?.keys.length ?? null,
  pinned: content?.pinned ?? null
})

const listAll = Effect.gen(function* () {
  const reporter = yield* Reporter
  const { home } = yield* Place
  const pins = yield* Pins.list(home)
  yield* reporter.print(
    pins.length === 0
      ? "nothing is pinned"
      : table(
          [{ header: "pinned" }, { header: "what" }, { header: "since" }],
          pins.map(({ subject, content }) => [
            nameOf(subject),
            content?.label ?? "damaged, and kept all the same",
            content?.pinned ?? ""
          ])
        )
  )
  yield* reporter.document({ schema: 1, status: "done", pins: pins.map(documentOf) })
  return 0
})

/** Keeps results whatever the size of the store. */
export const pin = <S>(project: Project<S>): Command<S> =>
  plain<S>({
    name: "pin",
    description: "Keep results, however large the store gets; or list what is kept so",
    args: [what],
    run: ({ args: [asked] }) =>
      Effect.gen(function* () {
        if (asked === undefined) return yield* listAll
        const reporter = yield* Reporter
        const { home } = yield* Place
        const { subject, label, keys } = yield* pinned(project, asked)
        const content = { asked, label, keys, pinned: DateTime.formatIso(yield* DateTime.now) }
        yield* Pins.put(home, subject, content)
        yield* reporter.print(`${label} is pinned: gc leaves it alone until pipeline unpin ${asked}`)
        yield* reporter.document({ schema: 1, status: "done", pin: documentOf({ subject, content }) })
        return 0
      })
  })
