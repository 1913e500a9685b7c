import { Effect } from "effect"
import * as Document from "../artifacts/Document.ts"
import { ObjectStore, readPart } from "../cache/ObjectStore.ts"
import * as Basis from "../engine/Kind.ts"
import { make } from "./bytes.ts"

/** Small structured values: told as their JSON. */
export const document = make(Basis.document, {
  inspect: ({ stored }) =>
    Effect.gen(function* () {
      const value = yield* Document.json(stored, readPart(yield* ObjectStore))
      return { blocks: [JSON.stringify(value, null, 2)], details: { value } }
    })
})
