import { Effect } from "effect"
import { Place } from "../../project/Place.ts"
import { type Command, ofPipeline } from "../command/Command.ts"
import { forKept } from "./kept.ts"

/** Puts what this machine has of a pipeline into the shared store, also what was computed before there was one. */
export const push = <S>(): Command<S> =>
  ofPipeline<S>({
    name: "push",
    description: "Put what is kept of a pipeline's run into the shared store",
    computes: true,
    remote: "write",
    run: (pipeline, given) =>
      Effect.gen(function* () {
        const { home } = yield* Place
        const { layerDisk, Uploads } = yield* Effect.promise(() => import("../../cache/remote/Uploads.ts"))
        const { note } = yield* Effect.provide(Uploads, layerDisk(home))
        return yield* forKept(pipeline, given, ({ stage, key }) => note({ kind: "trace", stage, key }))
      })
  })
