import { Context, Effect, Layer, Schema } from "effect"
import * as Explained from "../artifacts/Explained.ts"
import type { Code as CodeParts } from "../cache/Key.ts"
import type { StageDefinition } from "./Node.ts"

/** A stage whose source was not found when the code digests were made: its file is not named after it. */
export class CodeUnknown extends Explained.TaggedError<CodeUnknown>()(
  "CodeUnknown",
  {
    stage: Schema.String,
    known: Schema.Array(Schema.String)
  },
  ({ stage, known }) => ({
    what: `There is no code digest for stage "${stage}"`,
    expected: `a file stages/${stage}.ts (known: ${known.join(", ")})`,
    fix: "Name the file after the stage."
  })
) {}

/**
 * A stage that was made elsewhere than in the file of its name. Its code is not what that file reaches by import, so that an
 * edit of it would go unnoticed.
 */
export class StageMadeElsewhere extends Explained.TaggedError<StageMadeElsewhere>()(
  "StageMadeElsewhere",
  {
    stage: Schema.String,
    exported: Schema.String
  },
  ({ stage, exported }) => ({
    what: `The stage "${stage}" is not the one that stages/${stage}.ts exports`,
    expected: `"export const ${exported} = …" there, used as it is`,
    fix: "Make it at the top of that file, and let a parameter say what varies."
  })
) {}

/** The source digests of the stages, made when the program was built. */
export class Code extends Context.Tag("headrace/Code")<
  Code,
  { readonly of: (stage: StageDefinition) => Effect.Effect<CodeParts, CodeUnknown | StageMadeElsewhere> }
>() {}

/** What the files of stages export under their own names, by what their code is known under: `train`, `headrace-images/train`. */
export type Exported = Readonly<Record<string, unknown>>

const stagesIn = (exported: Exported): ReadonlyArray<readonly [label: string, stage: StageDefinition]> =>
  Object.entries(exported).flatMap(([label, value]) => {
    const found =
      typeof value === "function" ? (value as { readonly definition?: StageDefinition }).definition : undefined
    return found?._tag === "Stage" ? [[label, found] as const] : []
  })

/** The stages among what files export. */
export const definitionsIn = (exported: Exported): ReadonlyArray<StageDefinition> =>
  stagesIn(exported).map(([, stage]) => stage)

const camel = (name: string): string => name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

/** `codes`: what the file of each stage reaches, by the labels of `exported`. A stage has the code of a file only if that exports it. */
export const layer = (codes: Readonly<Record<string, CodeParts>>, exported: Exported): Layer.Layer<Code> => {
  const labels = new Map(stagesIn(exported).map(([label, stage]) => [stage, label]))
  return Layer.succeed(Code, {
    of: (stage) => {
      const { name } = stage
      const label = labels.get(stage)
      const code = codes[label ?? ""]
      if (code !== undefined) return Effect.succeed(code)
      return label === undefined && name in codes
        ? new StageMadeElsewhere({ stage: name, exported: camel(name) })
        : new CodeUnknown({ stage: name, known: Object.keys(codes).sort() })
    }
  })
}
