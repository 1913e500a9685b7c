import { Effect } from "effect"
import { ObjectStore } from "../../cache/ObjectStore.ts"
import { objectsOf, totals } from "../../cache/Trace.ts"
import * as KeptBeside from "../../engine/KeptBeside.ts"
import { formatBytes } from "../../kinds/format.ts"
import { type Command, ofPipeline } from "../command/Command.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { bringSources } from "./bring-sources.ts"
import { forKept } from "./kept.ts"

/** So many objects are fetched side by side. */
const AT_ONCE = 8

/** Fetches all that the shared store has of a pipeline, and what saves work on the next, for a machine that will be without it. */
export const pull = <S>(): Command<S> =>
  ofPipeline<S>({
    name: "pull",
    description: "Fetch what the shared store has of a pipeline's run, for a machine that will be without it",
    remote: "read",
    run: (pipeline, given) =>
      Effect.gen(function* () {
        const { note, print, document } = yield* Reporter
        const { nodes, sources, have } = yield* forKept(pipeline, given, (entry, decision) =>
          Effect.gen(function* () {
            const { hit } = decision
            if (hit === null) return
            // the plan has brought its trace here, and this brings those of its chunks, and of its newest state
            const { state } = yield* KeptBeside.of(entry, decision)
            const { check } = yield* ObjectStore
            const objects = [...objectsOf(hit), ...(state === null ? [] : objectsOf(state))]
            yield* Effect.forEach(objects, check, { concurrency: AT_ONCE, discard: true })
            yield* note(`${entry.name}: ${formatBytes(totals(hit).bytes)} here`)
          })
        )
        const brought = yield* bringSources(sources)
        for (const { label, why } of brought)
          yield* note(why === null ? `${label}: here` : `${label}: not here, ${why}`)
        yield* print(have)
        yield* document({ schema: 1, pipeline: pipeline.name, status: "done", nodes, sources: brought })
        return 0
      })
  })
