import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Context, Effect, Either, Layer, Schema } from "effect"
import * as BoundedJson from "../../artifacts/BoundedJson.ts"
import { Digest } from "../../artifacts/Digest.ts"
import * as Disk from "../disk.ts"
import { Key } from "../Key.ts"
import type { StoreFailed } from "../ObjectStore.ts"
import * as Seal from "../Seal.ts"
import * as StoreListener from "../StoreListener.ts"

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
    fs.rm(fileOf(home, note)).then(
      () => true,
      () => false
    )
  )

/** Notes as files of the store, of which no crash leaves half a one. */
export const layerDisk = (home: string): Layer.Layer<Uploads> =>
  Layer.sync(Uploads, () => {
    /** Objects of traces that were dropped before anybody had uploaded them: nobody need ask for them there. */
    const unsent = new Set<Digest>()
    return {
      note: (address) => publish(home, address),
      drop: ({ kind, stage, key }, objects) =>
        Effect.flatMap(strike(home, { kind, stage, key }), (wasNoted) => {
          if (!wasNoted) return publish(home, { drop: { kind, stage, key } })
          for (const object of objects) unsent.add(object)
          return Effect.void
        }),
      dropObject: (object) =>
        Effect.suspend(() => (unsent.delete(object) ? Effect.void : publish(home, { dropObject: object })))
    }
  })

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
