import * as path from "node:path"
import { Effect, Either, Schema } from "effect"
import * as BoundedJson from "../../artifacts/BoundedJson.ts"
import { phrase } from "../../artifacts/SchemaRefusal.ts"
import * as Disk from "../disk.ts"
import type { StoreFailed } from "../ObjectStore.ts"
import { RemoteInvalid } from "./RemoteAddress.ts"
import { Trust } from "./Trust.ts"

/** The file at a project's root that says whose results are believed: it is checked in, and reviewed as code is. */
export const NAME = "headrace.keys.json"

const MOST_BYTES = 1024 * 1024
const json = BoundedJson.schema(Trust)
const decode = Schema.decodeEither(json)

/** Whom a project trusts: nobody, where it has no such file. */
export const read = (root: string): Effect.Effect<Trust, RemoteInvalid> =>
  Effect.gen(function* () {
    const file = path.join(root, NAME)
    const invalid = (what: string) =>
      new RemoteInvalid({
        what: `${file} ${what}`,
        expected: 'whose results are trusted: { "trusted": [{ "name", "key", "namespaces" }], "revoked": [] }',
        fix: "Correct it, or take it back from the version control; pipeline key trust writes it."
      })
    const text = yield* Disk.readTextIfThere(file, MOST_BYTES).pipe(Effect.mapError(({ message }) => invalid(message)))
    if (text === null) return { trusted: [], revoked: [] }
    const found = decode(text)
    return Either.isRight(found) ? found.right : yield* invalid(`says another thing: ${phrase(found.left)}`)
  })

/** Writes whom a project trusts, in lines of which a review shows those that changed. */
export const write = (root: string, trust: Trust): Effect.Effect<void, StoreFailed> =>
  Disk.publish(path.join(root, NAME), new TextEncoder().encode(`${JSON.stringify(trust, null, 2)}\n`))
