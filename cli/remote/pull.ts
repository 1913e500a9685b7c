import { Effect } from "effect"
import { ObjectStore } from "../../cache/ObjectStore.ts"
import { TraceStore, totals } from "../../cache/Trace.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Plan from "../../engine/Plan.ts"
import { formatBytes } from "../../kinds/format.ts"
import { type Command, ofPipeline } from "../command/Command.ts"
import * as ParamOptions from "../command/param-options.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { keptOf, missingText } from "./kept.ts"

/** So many objects are fetched side by side. */
const AT_ONCE = 8

/** Fetches all that the shared store has of a pipeline, for a machine that will be without it. */
export const pull = <S>(): Command<S> =>
  ofPipeline<S>({
    name: "pull",
    description: "Fetch what the shared store has of a pipeline's run, for a machine that will be without it",
    remote: "read",
    run: (pipeline, given) =>
      Effect.gen(function* () {
        const reporter = yield* Reporter
        const traces = yield* TraceStore
        const store = yield* ObjectStore
        const values = yield* ParamOptions.decode(pipeline, given.params)
        const { nodes } = yield* Plan.make(Pipeline.graph(pipeline, values))
        const kept = keptOf(nodes)
        for (const { node, stage, key } of kept) {
          // the plan has brought it here
          const found = yield* traces.get(stage, key)
          if (found._tag !== "Hit") continue
          const objects = Object.values(found.trace.outputs).flatMap(({ parts }) => parts.map(({ object }) => object))
          yield* Effect.forEach(objects, store.check, { concurrency: AT_ONCE, discard: true })
          yield* reporter.note(`${node}: ${formatBytes(totals(found.trace).bytes)} here`)
        }
        yield* reporter.print(missingText(pipeline.name, nodes))
        yield* reporter.document({ schema: 1, pipeline: pipeline.name, status: "done", nodes: kept })
        return 0
      })
  })
