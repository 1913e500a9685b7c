import { Schema } from "effect"
import * as Digest from "../artifacts/Digest.ts"
import * as Explained from "../artifacts/Explained.ts"
import * as Basis from "../engine/Kind.ts"
import { make } from "./bytes.ts"

class OutsideOfCache extends Explained.TaggedError<OutsideOfCache>()(
  "OutsideOfCache",
  { artifact: Schema.String, content: Digest.Digest },
  ({ artifact, content }) => ({
    what: `${artifact} ${Digest.short(content)} lies outside of the cache`,
    expected: "what a stage made",
    fix: "Copy the file itself."
  })
) {}

/** What comes from outside: it stays where it lies. */
export const files = make(Basis.files, {
  export: ({ stored: { artifact, content } }) => new OutsideOfCache({ artifact, content })
})
