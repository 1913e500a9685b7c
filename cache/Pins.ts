import * as path from "node:path"
import { Effect, Option, Schema } from "effect"
import * as BoundedJson from "../artifacts/BoundedJson.ts"
import * as Disk from "./disk.ts"
import { Key } from "./Key.ts"
import type { StoreFailed } from "./ObjectStore.ts"
import * as Seal from "./Seal.ts"

// What somebody asked to be kept: a sealed file each, which is called by what it keeps, so that even a damaged one keeps that.

/** What is kept: all that a run or sweep found or made, or what one key has. */
export const Subject = Schema.Union(
  Schema.TaggedStruct("Run", { run: Schema.String }),
  Schema.TaggedStruct("Key", { key: Key })
)
export type Subject = typeof Subject.Type

const Content = Schema.Struct({
  /** What was asked to be kept, as it was written. */
  asked: Schema.String,
  /** What people read of it: the pipeline, and the node where it is one. */
  label: Schema.String,
  /** The keys of all that is kept, so that it is also where the run's record is lost. */
  keys: Schema.Array(Schema.String),
  /** ISO 8601, UTC. */
  pinned: Schema.String
})
export type Content = typeof Content.Type

export interface Pin {
  readonly subject: Subject
  /** Null where it is damaged. */
  readonly content: Content | null
}

const json = BoundedJson.schema(Content)
const decode = Schema.decodeOption(json)
/** A sweep of a hundred thousand points has as many keys. */
const MOST_BYTES = 64 * 1024 * 1024

const isKey = Schema.is(Key)
const folderIn = (home: string): string => path.join(home, "pins")
/** What it is called by, in full. */
export const nameOf = (subject: Subject): string => (subject._tag === "Run" ? subject.run : subject.key)
const fileOf = (home: string, subject: Subject): string => path.join(folderIn(home), `${nameOf(subject)}.json`)

/** Asks for something to be kept, from now on; of two pins of one thing the later counts. */
export const put = (home: string, subject: Subject, content: Content): Effect.Effect<void, StoreFailed> =>
  Disk.publish(fileOf(home, subject), Seal.bytesOf(JSON.stringify(content)))

export const remove = (home: string, subject: Subject): Effect.Effect<void, StoreFailed> =>
  Disk.removeIfThere(fileOf(home, subject))

/** What something is that is called by this name. */
export const subjectOf = (name: string): Subject =>
  isKey(name) ? { _tag: "Key", key: name } : { _tag: "Run", run: name }

/** All that is asked to be kept, in the order of their names. */
export const list = (home: string): Effect.Effect<ReadonlyArray<Pin>> =>
  Effect.gen(function* () {
    const names = (yield* Disk.listIfThere(folderIn(home))).filter((name) => name.endsWith(".json")).sort()
    return yield* Effect.forEach(names, (file) =>
      Effect.gen(function* () {
        const name = path.basename(file, ".json")
        const sealed = yield* Effect.orElseSucceed(
          Disk.readTextIfThere(path.join(folderIn(home), file), MOST_BYTES),
          () => null
        )
        const text = sealed === null ? null : Seal.open(sealed)
        return { subject: subjectOf(name), content: text === null ? null : Option.getOrNull(decode(text)) }
      })
    )
  })
