import { lstatSync } from "node:fs"
import * as path from "node:path"
import { Context, Effect } from "effect"
import type { Digest } from "../../artifacts/Digest.ts"
import * as EventLoop from "../../artifacts/EventLoop.ts"
import type { ObjectStore } from "../ObjectStore.ts"
import { checkAbsent, type NotKept, wantedOf } from "./absent.ts"
import { checkNotes } from "./check-notes.ts"
import { checkObjects, type Looked } from "./check-objects.ts"
import { checkTraces } from "./check-traces.ts"
import type { Find, Finding } from "./Finding.ts"
import * as Recorded from "./Recorded.ts"
import * as Sample from "./Sample.ts"
import { type There, there } from "./There.ts"
import * as Told from "./Told.ts"

/** What is verified of a store. */
export interface Asked {
  readonly home: string
  /** Null for all objects. Traces and records, which are small, are all looked at. */
  readonly sample: Sample.Sample | null
  /** The run of which alone is looked at what it made and names; null for all that there is. */
  readonly alone: Recorded.Recorded | null
  readonly recordIn: Recorded.ReadRecord
}

/** How many bytes of objects were looked at. */
export interface Progress {
  readonly done: number
  readonly total: number
}

/** Hears how far it is, and of what is wrong as it is found. */
export class Listener extends Context.Tag("headrace/VerifyListener")<
  Listener,
  {
    readonly progress: (progress: Progress) => Effect.Effect<void>
    readonly found: Find
  }
>() {}

export interface Report {
  readonly checked: {
    readonly objects: number
    /** Of the objects. */
    readonly bytes: number
    readonly traces: number
    readonly records: number
    /** Other files that are sealed: what stages printed, pins, acceptances, leases, and what else is noted. */
    readonly notes: number
  }
  readonly findings: ReadonlyArray<Finding>
  readonly notKept: NotKept
  /** What was quarantined, and nobody has removed yet. */
  readonly quarantine: { readonly files: number; readonly bytes: number }
}

/** What lies in an object's place; null where that is nothing. */
const inPlace = (object: Digest, file: string): Looked | null => {
  const stat = lstatSync(file, { throwIfNoEntry: false })
  return stat === undefined ? null : { object, file, bytes: stat.size }
}

/** The objects that are to be looked at: those of the sample, and of a run alone those that its traces and results name. */
const askedOf = (
  { sample, alone }: Asked,
  { objects }: There,
  fileOf: (object: Digest) => string,
  named: ReadonlySet<Digest>
): ReadonlyArray<Looked> => {
  const isAsked = (object: Digest) => sample === null || Sample.has(sample, object)
  // what lies in the place of one that is named, and is no file, is none of the store's for whoever walks through it
  const others = [...named].filter((object) => !objects.has(object)).map((object) => inPlace(object, fileOf(object)))
  const files = [...objects]
    .filter(([object]) => alone === null || named.has(object))
    .map(([object, { file, bytes }]) => ({ object, file, bytes }))
  return [...files, ...others.filter((other) => other !== null)].filter(({ object }) => isAsked(object))
}

/**
 * Verifies a store: every record, every trace, all that is noted beside them, and every object by its bytes and by what traces say of it. Nothing is changed. Commands may
 * compute, write and remove meanwhile: a file is wrong only if it is still there as it was found.
 */
export const verify = (asked: Asked): Effect.Effect<Report, never, Listener | ObjectStore> =>
  Effect.gen(function* () {
    const { home, alone, recordIn } = asked
    const listener = yield* Listener
    const findings: Array<Finding> = []
    const find: Find = (finding) =>
      Effect.suspend(() => {
        findings.push(finding)
        return listener.found(finding)
      })
    const lying = yield* there(home)
    yield* EventLoop.turn
    const records = yield* Recorded.check(recordIn, alone, lying, find)
    const traces = yield* checkTraces(alone, lying, records, find)
    const notes = yield* checkNotes(alone, lying, records, find)
    const names = Told.byObject(traces)
    const wanted = yield* wantedOf(home, Recorded.newest(alone, records), traces)

    const fileOf = (object: Digest) => path.join(home, "objects", object.slice(0, 2), object)
    const named = new Set([...names.keys(), ...wanted.map(({ object }) => object)])
    const objects = askedOf(asked, lying, fileOf, named)
    const total = objects.reduce((sum, { bytes }) => sum + bytes, 0)
    let done = 0
    yield* checkObjects(objects, names, find, (bytes) => {
      done += bytes
      return listener.progress({ done, total })
    })
    const isAbsent = (object: Digest) => !lying.objects.has(object) && inPlace(object, fileOf(object)) === null
    const notKept = yield* checkAbsent(lying, names, isAbsent, fileOf, wanted, find)
    const { files, bytes } = lying.quarantine
    return {
      checked: { objects: objects.length, bytes: total, traces: traces.length, records: records.length, notes },
      findings,
      notKept,
      quarantine: { files, bytes }
    }
  })
