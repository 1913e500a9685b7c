import type * as ArrowTable from "../artifacts/ArrowTable.ts"
import type { Columns } from "../artifacts/Column.ts"
import { type AnyPipeline, defaults, graph as graphOf } from "../engine/Pipeline.ts"
import type * as Address from "./artifact-address.ts"

/** The table's columns, from the stage that made it; null where the project has none that makes it any more. */
export const layoutOf = (
  pipelines: ReadonlyArray<AnyPipeline>,
  { trace, output }: Address.Found
): ArrowTable.Layout | null => {
  for (const pipeline of pipelines) {
    for (const { node } of graphOf(pipeline, defaults(pipeline.params)).stages) {
      const artifact = node.definition.outputs[output]
      if (node.definition.name === trace.text.stage && artifact?.kind === "table")
        return artifact as ArrowTable.TableArtifact<string, Columns>
    }
  }
  return null
}
