import { Effect, Either } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import * as Verified from "../../artifacts/Verified.ts"
import { MOST_OBJECT_BYTES } from "../ObjectStore.ts"
import { contentWrong, isChecked } from "./check-content.ts"
import * as Look from "./Look.ts"
import * as Reading from "./Reading.ts"
import type { Naming, Told } from "./Told.ts"

/** What is wrong with an object, and with the traces that say of it what is not so. */
export interface Checked {
  readonly wrong: Reading.WrongFile | null
  readonly told: ReadonlyMap<Told, Reading.Wrong>
}

const SOUND: Checked = { wrong: null, told: new Map() }

const wrong = (file: Reading.WrongFile): Checked => ({ wrong: file, told: new Map() })

/** What differs from what is told of the bytes: by their number where that tells more than a digest does. */
const otherBytes = (found: Digest.Digest, bytes: number, namings: ReadonlyArray<Naming>): Checked => {
  const told = namings[0]?.named.part.bytes ?? bytes
  const what =
    told === bytes
      ? `its bytes have sha256 ${Digest.short(found)}`
      : `it has ${bytes} bytes, where ${told} were written`
  return wrong({ ...Reading.corrupt(what), seen: found })
}

/** What each trace says of an object that is what it is called, and is not so. */
const againstTraces = (
  object: Digest.Digest,
  length: number,
  bytes: Verified.Verified | null,
  namings: ReadonlyArray<Naming>
): Effect.Effect<Checked> =>
  Effect.gen(function* () {
    const told = new Map<Told, Reading.Wrong>()
    // runs of a sweep name one object alike: it is read once for all of them
    const read = new Map<string, string | null>()
    for (const { told: trace, named } of namings) {
      const of = `object ${Digest.short(object)}`
      if (named.part.bytes !== length) {
        told.set(trace, Reading.corrupt(`it says that ${of} has ${named.part.bytes} bytes, and it has ${length}`))
        continue
      }
      if (bytes === null || !isChecked(named)) continue
      const { artifact, header, part } = named
      const says = JSON.stringify([artifact, header, part.rows, part.content])
      const found = read.get(says)
      const what = found === undefined ? yield* contentWrong(named, bytes) : found
      read.set(says, what)
      if (what !== null) told.set(trace, Reading.unreadable(`it names ${of}, of which ${what}`))
    }
    return { wrong: null, told }
  })

/**
 * Checks an object: its bytes by its name, and what the traces that name it say of its length, its rows and their columns, or of
 * a state. An object that is gone by now is sound: whoever names it is asked elsewhere.
 */
export const checkObject = (
  object: Digest.Digest,
  file: string,
  length: number,
  namings: ReadonlyArray<Naming>
): Effect.Effect<Checked> =>
  Effect.gen(function* () {
    if (!namings.some(({ named }) => isChecked(named))) {
      const found = yield* Look.hash(file, MOST_OBJECT_BYTES)
      if (found._tag === "Absent") return SOUND
      if (found._tag !== "Whole") return wrong(Reading.ofPlace(found))
      if (found.digest !== object) return otherBytes(found.digest, length, namings)
      return yield* againstTraces(object, length, null, namings)
    }
    const found = yield* Look.read(file, MOST_OBJECT_BYTES)
    if (!(found instanceof Uint8Array)) return found._tag === "Absent" ? SOUND : wrong(Reading.ofPlace(found))
    const verified = Verified.check(object, found)
    if (Either.isLeft(verified)) return otherBytes(verified.left, found.length, namings)
    return yield* againstTraces(object, found.length, verified.right, namings)
  })
