import { Effect, Either } from "effect"
import * as EventLoop from "../../artifacts/EventLoop.ts"
import type * as Contents from "../Contents.ts"
import * as Pins from "../Pins.ts"
import * as Seal from "../Seal.ts"
import type { Find, Finding } from "./Finding.ts"
import * as Look from "./Look.ts"
import { noteOf } from "./Note.ts"
import * as Reading from "./Reading.ts"
import type { Recorded } from "./Recorded.ts"
import type { There } from "./There.ts"

/** What a damaged pin says as far as its name and the records tell, so that it keeps as much as it did. */
const pinAnew = (name: string, modified: number, records: ReadonlyArray<Recorded>): NonNullable<Finding["pin"]> => {
  const subject = Pins.subjectOf(name)
  const record = records.find(({ run }) => run === name)
  const keys = record?.nodes.flatMap(({ key }) => (key === null ? [] : [key])) ?? []
  return {
    subject,
    content: {
      asked: name,
      label: record?.pipeline ?? name,
      keys: subject._tag === "Key" ? [subject.key] : [...new Set(keys)],
      pinned: new Date(modified).toISOString()
    }
  }
}

const MOST_BYTES = 256 * 1024 * 1024
/** After so many of them others have their turn. */
const TURN = 256

/** Checks the seals of all notes, or of what a run alone printed; how many there are. */
export const checkNotes = (
  alone: Recorded | null,
  { notes }: There,
  records: ReadonlyArray<Recorded>,
  find: Find
): Effect.Effect<number> =>
  Effect.gen(function* () {
    const keys = alone === null ? null : new Set(alone.nodes.map(({ key }) => key))
    const isAsked = ({ content }: Contents.Lying) =>
      keys === null || (content._tag === "Printed" && keys.has(content.key))
    let looked = 0
    for (const lying of notes) {
      const note = isAsked(lying) ? noteOf(lying) : null
      if (note === null) continue
      if (looked++ % TURN === 0) yield* EventLoop.turn
      const { file, bytes, modified } = lying
      const { what, name, loss, isSealed } = note
      const found = yield* Reading.small(file, MOST_BYTES, (text) =>
        isSealed(text) ? Either.right(text) : Either.left(Reading.corrupt(Seal.DAMAGED))
      )
      if (found === null || Either.isRight(found) || !(yield* Look.isStill(file, found.left.seen))) continue
      const pin = what === "pin" ? { pin: pinAnew(name, modified, records) } : {}
      yield* find({ ...found.left, what, name, file, bytes, makers: [], loss, ...pin })
    }
    return looked
  })
