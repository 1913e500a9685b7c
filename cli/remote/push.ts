import { Effect } from "effect"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Plan from "../../engine/Plan.ts"
import { Place } from "../../project/Place.ts"
import { type Command, ofPipeline } from "../command/Command.ts"
import * as ParamOptions from "../command/param-options.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { keptOf, missingText } from "./kept.ts"

/** Puts what this machine has of a pipeline into the shared store, also what was computed before there was one. */
export const push = <S>(): Command<S> =>
  ofPipeline<S>({
    name: "push",
    description: "Put what is kept of a pipeline's run into the shared store",
    computes: true,
    remote: "write",
    run: (pipeline, given) =>
      Effect.gen(function* () {
        const reporter = yield* Reporter
        const { home } = yield* Place
        const { layerDisk, Uploads } = yield* Effect.promise(() => import("../../cache/remote/Uploads.ts"))
        const values = yield* ParamOptions.decode(pipeline, given.params)
        const { nodes } = yield* Plan.make(Pipeline.graph(pipeline, values))
        const kept = keptOf(nodes)
        const { note } = yield* Effect.provide(Uploads, layerDisk(home))
        yield* Effect.forEach(kept, ({ stage, key }) => note({ kind: "trace", stage, key }), { discard: true })
        yield* reporter.print(missingText(pipeline.name, nodes))
        yield* reporter.document({ schema: 1, pipeline: pipeline.name, status: "done", nodes: kept })
        return 0
      })
  })
