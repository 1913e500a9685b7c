import { Effect } from "effect"
import type { Digest } from "../../artifacts/Digest.ts"
import { ObjectStore } from "../ObjectStore.ts"
import { makersOf } from "./Cost.ts"
import type { Find, Maker } from "./Finding.ts"
import type { Recorded } from "./Recorded.ts"
import type { There } from "./There.ts"
import type { Naming } from "./Told.ts"

/** What traces name and nobody keeps, which is no fault: who needs it computes it again. */
export interface NotKept {
  readonly objects: number
  readonly bytes: number
  readonly makers: ReadonlyArray<Maker>
}

/**
 * Looks for what is not there. Objects are removed to make room while their traces stay, so that nobody is to be alarmed by that; a result that
 * somebody counts on is missing, unless a shared store has it, or it was quarantined and is computed by the next run.
 */
export const checkAbsent = (
  { quarantine }: There,
  names: ReadonlyMap<Digest, ReadonlyArray<Naming>>,
  isAbsent: (object: Digest) => boolean,
  fileOf: (object: Digest) => string,
  wanted: ReadonlyArray<Recorded>,
  find: Find
): Effect.Effect<NotKept, never, ObjectStore> =>
  Effect.gen(function* () {
    const { whereabouts } = yield* ObjectStore
    const missing = new Set<Digest>()
    for (const { run, results } of wanted)
      for (const { object, bytes } of results.flatMap(({ parts }) => parts)) {
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
          found: `it is not there, and is part of the results of run ${run}`,
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
