import { lstatSync } from "node:fs"
import * as path from "node:path"
import { Effect, Either, Option, Schema } from "effect"
import * as BoundedJson from "../artifacts/BoundedJson.ts"
import * as Digest from "../artifacts/Digest.ts"
import * as Explained from "../artifacts/Explained.ts"
import * as Disk from "./disk.ts"
import { STORE_FILE } from "./misplaced.ts"
import { StoreFailed } from "./ObjectStore.ts"
import { Release } from "./Release.ts"
import * as StoreListener from "./StoreListener.ts"
import * as StoreWriters from "./store-writers.ts"

// What a store says of itself in `store.json`, so that no Headrace reads or writes what it does not understand.

/**
 * The format of a store: where what lies in it, and what that means. Raised with a step in `claim` that brings older stores up to
 * it, or with a sentence of why that can't be. Who changes what lies in a store takes the format's number first, and then waits until
 * no lease is held: a holder of another version looks at the number under its lease, and takes no other one after that.
 *
 * - 1: Headrace 0.1. It has no `store.json`, and leases are files.
 * - 2: leases are folders, records are sealed as traces are, both say which version wrote them. Nothing of format 1 is in the way: old
 *   leases are nobody's, and old records are read as they are.
 */
export const FORMAT = 2

/** The least format that a Headrace must know to use a store of this one: a format that only adds something leaves it as it is. */
const LEAST_KNOWN = 2

/** What `store.json` holds. A later format may add to it. */
const StoreFile = Schema.Struct({
  format: Schema.Int.pipe(Schema.positive()),
  leastKnown: Schema.Int.pipe(Schema.positive()),
  /** The version of Headrace that gave the store its format. */
  by: Schema.String.pipe(Schema.maxLength(64))
})
export type StoreFile = typeof StoreFile.Type

const parse = Schema.decodeEither(BoundedJson.schema(Schema.Record({ key: Schema.String, value: Schema.Unknown })))
const decode = Schema.decodeUnknownOption(StoreFile)

const sealOf = (said: object): string => Digest.ofBytes(JSON.stringify(said))

/** What a store says as its file has it: with the sha256 of all that, so that nobody goes by a format that damage made of it. */
export const written = (said: object): string => `${JSON.stringify({ ...said, sha256: sealOf(said) })}\n`

/** What a file says; null where that is not what was written. One that has no seal was written before there was one. */
const saidBy = (text: string): StoreFile | null => {
  const parsed = parse(text)
  if (Either.isLeft(parsed)) return null
  const { sha256, ...said } = parsed.right
  return sha256 === undefined || sha256 === sealOf(said) ? Option.getOrNull(decode(said)) : null
}

/** Room for what later formats add. */
const MOST_BYTES = 64 * 1024

/** A store of a format that only a later Headrace knows. */
export class StoreNewer extends Explained.TaggedError<StoreNewer>()(
  "StoreNewer",
  { home: Schema.String, format: Schema.Int, by: Schema.String, version: Schema.String },
  ({ home, format, by, version }) => ({
    what: `The store ${home} has format ${format}, which Headrace ${by} gave it`,
    expected: `format ${FORMAT} or an earlier one, which Headrace ${version} knows`,
    fix: `Use Headrace ${by} or a later one, or let PIPELINE_HOME name another folder. Nothing in the store was read or changed.`
  })
) {}

/** A store of which nobody can tell the format. */
export class StoreFormatUnknown extends Explained.TaggedError<StoreFormatUnknown>()(
  "StoreFormatUnknown",
  { file: Schema.String, found: Schema.String, later: Schema.String, version: Schema.String },
  ({ file, found, later, version }) => ({
    what: `The format of the store cannot be told: ${file} ${found}`,
    expected: `a file that says it, or a store in which nothing lies that a later Headrace than ${version} may have written`,
    fix: `Use the Headrace that wrote ${later}: it knows the format, and makes the file anew. Or let PIPELINE_HOME name another folder.`
  })
) {}

export type StoreRefused = StoreNewer | StoreFormatUnknown

export const fileIn = (home: string): string => path.join(home, STORE_FILE)

/** Whether something lies there, be it a link. Where the folder is none, whoever makes it tells of that. */
const isThere = (file: string): boolean => {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

/** What the store's file says, or what is there instead of one that says something: a clause. Null where nothing is. */
const lookedAt = (home: string): Effect.Effect<StoreFile | string | null, StoreFailed> =>
  Effect.gen(function* () {
    const file = fileIn(home)
    const text = yield* Effect.catchTag(Disk.readTextIfThere(file, MOST_BYTES), "Unbounded", ({ message }) =>
      Effect.succeed({ message })
    )
    if (text === null) return isThere(file) ? "is a link that leads nowhere" : null
    return typeof text === "string" ? (saidBy(text) ?? "is damaged") : text.message
  })

/**
 * What the store says of itself; null where it says nothing: a store of format 1, or none yet. One whose file is damaged counts as one that
 * says nothing where all that lies in it was written by versions that are known, so that nobody has to mend it by hand.
 */
export const read = (home: string): Effect.Effect<StoreFile | null, StoreRefused | StoreFailed> =>
  Effect.gen(function* () {
    const { version } = yield* Release
    const found = yield* lookedAt(home)
    if (found === null) return null
    if (typeof found === "string") {
      const later = yield* StoreWriters.later(home, version)
      return later === null ? null : yield* new StoreFormatUnknown({ file: fileIn(home), found, later, version })
    }
    const { format, leastKnown, by } = found
    if (leastKnown > FORMAT) return yield* new StoreNewer({ home, format, by, version })
    return found
  })

/** Refuses a store that this Headrace does not understand. One small file is read, and nothing is written. */
export const check = (home: string): Effect.Effect<void, StoreRefused | StoreFailed> => Effect.asVoid(read(home))

/** The same failure for those who expect a store's. */
const toStoreFailed = (error: StoreRefused | StoreFailed): StoreFailed => {
  if (error._tag === "StoreFailed") return error
  const { what, expected, fix } = Explained.explain(error)
  return new StoreFailed({ what, expected: expected ?? "", fix: fix ?? "" })
}

/**
 * Before anything is written into a store: gives it this format where it has an earlier one or none, and refuses a later one. Of
 * several that begin a store at once one gives it its format, and the others go by that.
 */
export const claim = (home: string): Effect.Effect<void, StoreFailed> =>
  Effect.gen(function* () {
    const found = yield* read(home)
    if (found !== null && found.format >= FORMAT) return
    const { version } = yield* Release
    const mine: StoreFile = { format: FORMAT, leastKnown: LEAST_KNOWN, by: version }
    const bytes = new TextEncoder().encode(written(mine))
    const file = fileIn(home)
    const there = yield* lookedAt(home)
    if (typeof there === "string") yield* StoreListener.tell(`${file} ${there}: it is made anew.`)
    yield* there === null ? Disk.publishNew(file, bytes, Disk.storeFailed) : Disk.publish(file, bytes)
    // it may be another's by now
    yield* read(home)
  }).pipe(Effect.mapError(toStoreFailed))
