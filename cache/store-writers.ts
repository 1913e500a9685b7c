import * as path from "node:path"
import { Effect, Either, Option, Schema } from "effect"
import * as BoundedJson from "../artifacts/BoundedJson.ts"
import * as Contents from "./Contents.ts"
import * as Disk from "./disk.ts"
import * as Seal from "./Seal.ts"

// Who wrote what lies in a store, for whoever can't take the store's own word for it.

const MOST_BYTES = 256 * 1024 * 1024

const decode = Schema.decodeUnknownOption(BoundedJson.schema(Schema.Struct({ by: Schema.String })))

const numbersOf = (version: string): ReadonlyArray<number> | null => {
  const [, ...numbers] = /^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? []
  return numbers.length === 0 ? null : numbers.map(Number)
}

/** Whether a version is a later one than another, or none of which that can be told. */
const isLater = (version: string, than: string): boolean => {
  const [one, other] = [numbersOf(version), numbersOf(than)]
  if (one === null || other === null) return version !== than
  const at = one.findIndex((number, place) => number !== other[place])
  return at >= 0 && (one[at] ?? 0) > (other[at] ?? 0)
}

/** The version that wrote a trace or a record; null where it does not say, or can't be read. */
const writerOf = (file: string): Effect.Effect<string | null> =>
  Disk.readTextIfThere(file, MOST_BYTES).pipe(
    Effect.map((text) => (text === null ? null : (Option.getOrNull(decode(Seal.open(text) ?? text))?.by ?? null))),
    Effect.orElseSucceed(() => null)
  )

/**
 * Something in the store that a later version than this one wrote, or that lies where this one keeps nothing: a trace or record by its path below
 * the store, with the version that it names, or a folder. Null where there is none, so that the store is of a format that this one knows.
 */
export const later = (home: string, version: string): Effect.Effect<string | null> =>
  Contents.walk(home, (found) =>
    Effect.forEach(
      found,
      ({ content, file }) =>
        Effect.gen(function* () {
          const name = path.relative(home, file)
          const isInFolder = name.includes(path.sep) && !name.startsWith(`store.json${path.sep}`)
          if (content._tag === "Stranger" && isInFolder) return yield* Effect.fail(name)
          if (content._tag !== "Trace" && content._tag !== "Record") return
          const by = yield* writerOf(file)
          if (by !== null && isLater(by, version)) return yield* Effect.fail(`${name} (Headrace ${by})`)
        }),
      { discard: true }
    )
  ).pipe(
    Effect.either,
    Effect.map((found) => (Either.isLeft(found) ? found.left : null))
  )
