import { Context, Effect, Layer, Schema } from "effect"
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

export const layer = (stages: Readonly<Record<string, CodeParts>>): Layer.Layer<Code> =>
  Layer.succeed(Code, {
    of: (stage) => {
      const code = stages[stage]
      return code === undefined ? new CodeUnknown({ stage, known: Object.keys(stages).sort() }) : Effect.succeed(code)
    }
  })
