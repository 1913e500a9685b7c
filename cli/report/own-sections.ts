import { Effect, Either } from "effect"
import { id } from "../../artifacts/Artifact.ts"
import { explain } from "../../artifacts/Explained.ts"
import type { RunRecord } from "../../engine/RunRecord.ts"
import type { Section } from "../../project/View.ts"
import * as Views from "../../project/Views.ts"
import { sentence } from "../command/option-text.ts"
import type { OwnSection } from "./Report.ts"

interface Drawn extends OwnSection, Pick<Section, "insteadOf"> {
  /** What it shows, by the names under which all artifacts are shown: the result's, and its node's output's. */
  readonly names: ReadonlyArray<string>
}

/** The results that the project draws in its own way. One that cannot be drawn is told of, and shown as any is. */
export const sectionsOf = (results: RunRecord["results"]) =>
  Effect.gen(function* () {
    const sections: Array<Drawn> = []
    const notes: Array<string> = []
    for (const { artifact, title, draw, insteadOf } of Views.those(yield* Views.Current, "Section")) {
      for (const [name, { node, output, stored }] of Object.entries(results)) {
        if (stored.artifact !== id(artifact)) continue
        const parts = yield* Effect.either(Effect.catchAllDefect(draw(stored), Effect.fail))
        if (Either.isRight(parts))
          sections.push({ title, parts: parts.right, insteadOf, names: [name, `${node}.${output}`] })
        else notes.push(`${name} cannot be drawn: ${sentence(explain(parts.left))}`)
      }
    }
    return { sections, notes }
  })
