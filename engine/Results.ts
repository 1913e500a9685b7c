import { Context, type Effect, Effect as Fx, Layer } from "effect"
import type { Kind, Stored } from "../artifacts/Artifact.ts"
import type { ObjectCorrupt, ObjectMissing, StoreFailed } from "../cache/ObjectStore.ts"
import type * as Graph from "./Graph.ts"

export interface Result extends Graph.Address {
  readonly name: string
  readonly stored: Stored
}

/** Whether people open it, as against tables that later stages read: their bytes are needed by every run. */
export const isMaterialized = (kind: Kind | undefined): boolean =>
  kind === "document" || kind === "figure" || kind === "model"

/** A graph's results that people open. */
export const materialized = (graph: Graph.Graph): ReadonlyArray<Graph.Address & { readonly name: string }> =>
  Object.entries(graph.results).flatMap(([name, address]) => {
    const entry = graph.stages.find((one) => one.name === address.node)
    const kind = entry?.node.definition.outputs[address.output]?.kind
    return isMaterialized(kind) ? [{ name, ...address }] : []
  })

/** Hands a run's results to people. It fails where bytes are lost, and is called again once they are back. */
export class ResultsWriter extends Context.Tag("headrace/ResultsWriter")<
  ResultsWriter,
  {
    readonly write: (
      pipeline: string,
      results: ReadonlyArray<Result>
    ) => Effect.Effect<void, ObjectMissing | ObjectCorrupt | StoreFailed>
  }
>() {}

export const layerNone: Layer.Layer<ResultsWriter> = Layer.succeed(ResultsWriter, { write: () => Fx.void })
