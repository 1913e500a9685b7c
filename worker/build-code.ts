import { readFileSync } from "node:fs"
import { Effect, Layer, Schema } from "effect"
import * as Explained from "../artifacts/Explained.ts"
import { Code as CodeParts } from "../cache/Key.ts"
import * as Code from "../engine/Code.ts"

class BuildDamaged extends Explained.TaggedError<BuildDamaged>()(
  "BuildDamaged",
  { file: Schema.String },
  ({ file }) => ({
    what: `${file} cannot be read`,
    expected: "the digests of the code of this build",
    fix: "Run again: a build that is damaged is made anew."
  })
) {}

const CodeTable = Schema.parseJson(Schema.Record({ key: Schema.String, value: CodeParts }))

/** The digests of the stages' code, from the file that the build wrote; `exported` is what the files of stages export. */
export const layer = (file: string, exported: Code.Exported) =>
  Layer.unwrapEffect(
    Effect.try(() => readFileSync(file, "utf8")).pipe(
      Effect.flatMap(Schema.decode(CodeTable)),
      Effect.mapError(() => new BuildDamaged({ file })),
      Effect.map((codes) => Code.layer(codes, exported))
    )
  )
