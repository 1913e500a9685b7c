import type { AnyArtifact } from "../../artifacts/Artifact.ts"
import { type AnyPipeline, defaults, graph as graphOf } from "../../engine/Pipeline.ts"
import type * as Kind from "../../kinds/Kind.ts"
import type * as Address from "./artifact-address.ts"

/** The artifact as the stage declares it that made it; null where the project has none that makes it any more. */
const declared = (pipelines: ReadonlyArray<AnyPipeline>, { trace, output }: Address.Found): AnyArtifact | null => {
  for (const pipeline of pipelines.flatMap((one) => [one, ...one.uses])) {
    for (const { node } of graphOf(pipeline, defaults(pipeline.params)).stages) {
      const artifact = node.definition.outputs[output]
      if (node.definition.name === trace.text.stage && artifact?.kind === trace.outputs[output]?.kind)
        return artifact ?? null
    }
  }
  return null
}

/** What was found, as its kind takes it. */
export const withArtifact = (pipelines: ReadonlyArray<AnyPipeline>, found: Address.Found): Kind.Found => ({
  ...found,
  artifact: declared(pipelines, found)
})
