import { Context, Effect, Layer } from "effect"
import type { Stored } from "../artifacts/Artifact.ts"
import type { ObjectCorrupt, ObjectMissing, StoreFailed } from "../cache/ObjectStore.ts"
import type * as Graph from "./Graph.ts"
import * as Kind from "./Kind.ts"

export interface Result extends Graph.Address {
  readonly name: string
  readonly stored: Stored
}

/** A graph's results that people open: their bytes are needed by every run. */
export const materialized = (
  graph: Graph.Graph
): Effect.Effect<ReadonlyArray<Graph.Address & { readonly name: string }>> =>
  Effect.map(Kind.Kinds, (kinds) =>
    Object.entries(graph.results).flatMap(([name, address]) => {
      const entry = graph.stages.find((one) => one.name === address.node)
      const kind = entry?.node.definition.outputs[address.output]?.kind
      return kind !== undefined && Kind.of(kinds, kind).isResult ? [{ name, ...address }] : []
    })
  )

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

export const layerNone: Layer.Layer<ResultsWriter> = Layer.succeed(ResultsWriter, { write: () => Effect.void })
