import { Effect } from "effect"
import { ArtifactUnreadable } from "../artifacts/Artifact.ts"
import { ObjectStore } from "../cache/ObjectStore.ts"
import * as Basis from "../engine/Kind.ts"
import { make } from "./bytes.ts"

/** Drawings: shown in reports as their SVG. */
export const figure = make(Basis.figure, {
  drawing: ({ artifact, content, parts }) =>
    Effect.gen(function* () {
      const part = parts.find(({ name }) => name.endsWith(".svg"))
      if (part === undefined) return yield* new ArtifactUnreadable({ artifact, object: content, what: "it has no SVG" })
      const bytes = yield* Effect.flatMap(ObjectStore, (store) => store.get(part.object))
      return new TextDecoder().decode(bytes)
    })
})
