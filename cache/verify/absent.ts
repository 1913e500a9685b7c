import { Effect } from "effect"
import type { StoredPart } from "../../artifacts/Artifact.ts"
import type { Digest } from "../../artifacts/Digest.ts"
import { ObjectStore } from "../ObjectStore.ts"
import * as Pins from "../Pins.ts"
import { makersOf } from "./Cost.ts"
import type { Find, Maker } from "./Finding.ts"
import type { Recorded } from "./Recorded.ts"
import type { There } from "./There.ts"
import type { Naming, Told } from "./Told.ts"

/** What traces name and nobody keeps, which is no fault: who needs it computes it again. */
export interface NotKept {
  readonly objects: number
  readonly bytes: number
  readonly makers: ReadonlyArray<Maker>
}

/** A part that somebody counts on, and why: a clause that follows "it". */
export interface Wanted extends Pick<StoredPart, "object" | "bytes"> {
  readonly why: string
}

/** What somebody counts on: results of these runs, and all that pinned keys have. */
export const wantedOf = (
  home: string,
  runs: ReadonlyArray<Recorded>,
  traces: ReadonlyArray<Told>
): Effect.Effect<ReadonlyArray<Wanted>> =>
  Effect.map(Pins.list(home), (pins) => {
    const pinned = new Set(
      pins.flatMap(({ subject, content }) => (subject._tag === "Key" ? [subject.key] : (content?.keys ?? [])))
    )
    return [
      ...runs.flatMap(({ run, results }) =>
        results.flatMap(({ parts }) =>
          parts.map(({ object, bytes }) => ({ object, bytes, why: `is part of the results of run ${run}` }))
        )
      ),
      ...traces
        .filter(({ key, node }) => node !== null && pinned.has(key))
        .flatMap(({ stage, named }) =>
          named.map(({ part: { object, bytes } }) => ({ object, bytes, why: `is part of what is pinned of ${stage}` }))
        )
    ]
  })

/**
 * Looks for what is not there. Objects are removed to make room while their traces stay, so that nobody is to be alarmed by that; a result that
 * somebody counts on is missing, unless a shared store has it, or it was quarantined and is computed by the next run.
 */
export const checkAbsent = (
  { quarantine }: There,
  names: ReadonlyMap<Digest, ReadonlyArray<Naming>>,
  isAbsent: (object: Digest) => boolean,
  fileOf: (object: Digest) => string,
  wanted: ReadonlyArray<Wanted>,
  find: Find
): Effect.Effect<NotKept, never, ObjectStore> =>
  Effect.gen(function* () {
    const { whereabouts } = yield* ObjectStore
    const missing = new Set<Digest>()
    for (const { object, bytes, why } of wanted) {
      if (missing.has(object) || quarantine.objects.has(object) || !isAbsent(object)) continue
      const { here, shared } = yield* whereabouts(object, bytes)
      if (here || shared === true) continue
      missing.add(object)
      yield* find({
        fault: "missing",
        what: "object",
        name: object,
        file: fileOf(object),
        bytes,
        found: `it is not there, and ${why}`,
        seen: null,
        makers: makersOf(names.get(object) ?? [])
      })
    }
    const absent = [...names].filter(([object]) => !missing.has(object) && isAbsent(object))
    return {
      objects: absent.length,
      bytes: absent.reduce((sum, [, [first]]) => sum + (first?.named.part.bytes ?? 0), 0),
      makers: absent.flatMap(([, namings]) => makersOf(namings))
    }
  })
