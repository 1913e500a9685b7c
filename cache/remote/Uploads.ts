import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Clock, Context, Effect, Either, Layer, Schema } from "effect"
import * as BoundedJson from "../../artifacts/BoundedJson.ts"
import { Digest } from "../../artifacts/Digest.ts"
import * as Disk from "../disk.ts"
import { Key } from "../Key.ts"
import type { StoreFailed } from "../ObjectStore.ts"
import * as Seal from "../Seal.ts"
import * as StoreListener from "../StoreListener.ts"
import { iteratingOf } from "../Trace.ts"

/**
 * Notes which traces are to be uploaded, and what of them is to be dropped again. Whoever computes them, a worker process among
 * others, notes it; the command carries it out, or the next one does.
 */
export class Uploads extends Context.Tag("headrace/Uploads")<
  Uploads,
  {
    readonly note: (upload: Upload) => Effect.Effect<void, StoreFailed>
    /** A trace that was put here, with objects that it names, is removed: it is not to be uploaded, or no longer to be there. */
    readonly drop: (upload: Upload, objects: ReadonlyArray<Digest>) => Effect.Effect<void, StoreFailed>
    /** An object that no other trace names is removed. */
    readonly dropObject: (object: Digest) => Effect.Effect<void, StoreFailed>
  }
>() {}

/** Nothing is uploaded. */
export const layerNone: Layer.Layer<Uploads> = Layer.succeed(Uploads, {
  note: () => Effect.void,
  drop: () => Effect.void,
  dropObject: () => Effect.void
})

const Upload = Schema.Struct({ kind: Schema.Literal("trace", "chunk"), stage: Schema.String, key: Key })
/** What is computed, and goes to the shared store by itself. */
export type Upload = typeof Upload.Type
const TraceDrop = Schema.Struct({ drop: Upload })
const ObjectDrop = Schema.Struct({ dropObject: Digest })
const Note = Schema.Union(Upload, TraceDrop, ObjectDrop)
export type Note = typeof Note.Type
const json = BoundedJson.schema(Note)
const decode = Schema.decodeEither(json)
const MOST_BYTES = 4096

/** What is noted: what is to be dropped, the traces first, and what is to be uploaded after that. */
export interface Pending {
  readonly drops: ReadonlyArray<typeof TraceDrop.Type>
  readonly objectDrops: ReadonlyArray<typeof ObjectDrop.Type>
  readonly uploads: ReadonlyArray<Upload>
}

const DROP = ".drop.json"
const nameOf = (note: Note): string => {
  if ("dropObject" in note) return `${note.dropObject}.object${DROP}`
  return "drop" in note ? `${note.drop.key}.${note.drop.kind}${DROP}` : `${note.key}.${note.kind}.json`
}
const folderIn = (home: string): string => path.join(home, "uploads")
const fileOf = (home: string, note: Note): string => path.join(folderIn(home), nameOf(note))

const publish = (home: string, note: Note) => Disk.publish(fileOf(home, note), Seal.bytesOf(JSON.stringify(note)))

/** It is carried out, or there is nothing to carry out; whether it was noted. */
export const strike = (home: string, note: Note): Effect.Effect<boolean> =>
  Effect.promise(() =>
    fs.unlink(fileOf(home, note)).then(
      () => true,
      () => false
    )
  )

/**
 * How often a state of a training that goes on is noted: each is replaced by the next, most of them before anybody could upload them, and all that they spare
 * another machine is what was trained since the last. The newest one is noted before whatever is made of it.
 */
const STATES_EVERY_MILLIS = 10_000

/** Notes as files of the store, of which no crash leaves half a one. */
export const layerDisk = (home: string): Layer.Layer<Uploads> =>
  Layer.scoped(
    Uploads,
    Effect.gen(function* () {
      /** Objects of traces that were dropped before anybody had uploaded them: nobody need ask for them there. */
      const unsent = new Set<Digest>()
      /** States that are not noted yet. */
      const held = new Map<Key, Upload>()
      let noted = yield* Clock.currentTimeMillis
      const noteHeld = Effect.suspend(() => {
        const all = [...held.values()]
        held.clear()
        return Effect.forEach(all, (state) => publish(home, state), { discard: true })
      })
      yield* Effect.addFinalizer(() => Effect.ignore(noteHeld))

      const hold = (state: Upload) =>
        Effect.gen(function* () {
          held.set(state.key, state)
          const now = yield* Clock.currentTimeMillis
          if (now - noted < STATES_EVERY_MILLIS) return
          noted = now
          yield* noteHeld
        })
      return {
        note: (address) =>
          iteratingOf(address.stage) === null ? Effect.zipRight(noteHeld, publish(home, address)) : hold(address),
        drop: ({ kind, stage, key }, objects) =>
          Effect.gen(function* () {
            const wasNoted = held.delete(key) || (yield* strike(home, { kind, stage, key }))
            if (!wasNoted) return yield* publish(home, { drop: { kind, stage, key } })
            for (const object of objects) unsent.add(object)
          }),
        dropObject: (object) =>
          Effect.suspend(() => (unsent.delete(object) ? Effect.void : publish(home, { dropObject: object })))
      }
    })
  )

/** The note that a file holds; null where it was damaged, or is called as another one: it could not be struck. */
const noteIn = (name: string, sealed: string): Note | null => {
  const note = Either.getOrNull(decode(Seal.open(sealed) ?? ""))
  return note !== null && nameOf(note) === name ? note : null
}

/** What is noted; a damaged note goes, and is told of: what it was of is not known any more. */
export const pending = (home: string): Effect.Effect<Pending> =>
  Effect.gen(function* () {
    const drops: Array<typeof TraceDrop.Type> = []
    const objectDrops: Array<typeof ObjectDrop.Type> = []
    const uploads: Array<Upload> = []
    for (const name of yield* Disk.listIfThere(folderIn(home))) {
      const file = path.join(folderIn(home), name)
      const text = yield* Effect.orElseSucceed(Disk.readTextIfThere(file, MOST_BYTES), () => "")
      if (text === null) continue
      const note = noteIn(name, text)
      if (note === null) {
        yield* Effect.promise(() => Disk.tidyAway(file))
        yield* StoreListener.tell(
          `${file} said what is to be shared, and was damaged; expected what was noted there. It is removed: pipeline push notes anew what is not shared yet.`
        )
      } else if ("dropObject" in note) objectDrops.push(note)
      else if ("drop" in note) drops.push(note)
      else uploads.push(note)
    }
    return { drops, objectDrops, uploads }
  })

/** How many traces are to be uploaded, without reading the notes of them. */
export const count = (home: string): Effect.Effect<number> =>
  Effect.map(Disk.listIfThere(folderIn(home)), (names) => names.filter((name) => !name.endsWith(DROP)).length)
