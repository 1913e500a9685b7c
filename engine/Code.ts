import { Context, Effect, Layer, Schema } from "effect"
import * as CanonicalJson from "../artifacts/CanonicalJson.ts"
import type { Code as CodeParts } from "../cache/Key.ts"

/** A stage whose source was not found when the code digests were made: its file is not named after it. */
export class CodeUnknown extends Schema.TaggedError<CodeUnknown>()("CodeUnknown", {
  stage: Schema.String,
  known: Schema.Array(Schema.String)
}) {
  override get message() {
    return `There is no code digest for stage "${this.stage}"; expected a file stages/${this.stage}.ts (known: ${this.known.join(", ")}). Name the file after the stage.`
  }
}

/** The source digests of the stages, made when the program was built. */
export class Code extends Context.Tag("headrace/Code")<
  Code,
  { readonly of: (stage: string) => Effect.Effect<CodeParts, CodeUnknown> }
>() {}

export const layer = (stages: Readonly<Record<string, CodeParts>>): Layer.Layer<Code> => {
  const written = new Map<string, CodeParts>()
  return Layer.succeed(Code, {
    of: (stage) => {
      const code = written.get(stage) ?? stages[stage]
      if (code === undefined) return new CodeUnknown({ stage, known: Object.keys(stages).sort() })
      // most of a key's text, and the same in every key of the stage
      if (!written.has(stage)) written.set(stage, CanonicalJson.fixed(code))
      return Effect.succeed(code)
    }
  })
}
