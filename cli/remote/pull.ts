import { Effect } from "effect"
import { ObjectStore } from "../../cache/ObjectStore.ts"
import { objectsOf, TraceStore, totals } from "../../cache/Trace.ts"
import { formatBytes } from "../../kinds/format.ts"
import { type Command, ofPipeline } from "../command/Command.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { forKept } from "./kept.ts"

/** So many objects are fetched side by side. */
const AT_ONCE = 8

/** Fetches all that the shared store has of a pipeline, for a machine that will be without it. */
export const pull = <S>(): Command<S> =>
  ofPipeline<S>({
    name: "pull",
    description: "Fetch what the shared store has of a pipeline's run, for a machine that will be without it",
    remote: "read",
    run: (pipeline, given) =>
      forKept(pipeline, given, ({ node, stage, key }) =>
        Effect.gen(function* () {
          const { note } = yield* Reporter
          // the plan has brought it here
          const found = yield* Effect.flatMap(TraceStore, (traces) => traces.get(stage, key))
          if (found._tag !== "Hit") return
          const { check } = yield* ObjectStore
          yield* Effect.forEach(objectsOf(found.trace), check, { concurrency: AT_ONCE, discard: true })
          yield* note(`${node}: ${formatBytes(totals(found.trace).bytes)} here`)
        })
      )
  })
